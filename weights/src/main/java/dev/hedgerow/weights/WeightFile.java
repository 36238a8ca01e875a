package dev.hedgerow.weights;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Opens files of weights of any format: the file's content says which, not its name. */
public final class WeightFile {
  private static final String EXPECTATION =
      "weights: safetensors, PyTorch .pth, Keras .h5 or .keras, .npz or .npy";
  private static final int SAMPLE = 512;

  private static final String ONNX = "looks like an ONNX model, which brings its own graph";
  private static final String UNKNOWN = "no format that is read here";

  /** The first bytes that the fields of an ONNX model may have. */
  private static final String ONNX_FIELDS = "\u0008\u0012\u001a\"(2:Br\u00a2\u00ca";

  private WeightFile() {}

  /**
   * Opens a file of weights: safetensors, a PyTorch checkpoint (zip or legacy), HDF5 or a {@code
   * .keras} archive (then it is a {@link KerasFile}), {@code .npz} or {@code .npy}.
   *
   * @throws FormatException if the file is in none of these formats, or damaged
   * @throws IOException if it cannot be read
   */
  public static WeightSource open(Path file) throws IOException {
    return read(file, MappedFile.map(file));
  }

  /**
   * Returns whether a file looks like weights, or like anything else that is no ONNX model: what
   * {@link #open} is for, if only for its error.
   *
   * @throws IOException if it cannot be read
   */
  public static boolean recognises(Path file) throws IOException {
    MemorySegment bytes = MappedFile.map(file);
    return ZipArchive.recognises(bytes)
        || Safetensors.recognises(bytes)
        || PickleCheckpoint.recognises(bytes)
        || NpyHeader.recognises(bytes)
        || Hdf5.recognises(bytes)
        || isCalledSafetensors(file, guess(bytes))
        || foreignToOnnx(bytes).isPresent();
  }

  /**
   * Reads weights from memory; see {@link #open}.
   *
   * @param file for errors
   * @param bytes the whole file, which must stay as it is
   * @throws FormatException if they are in no known format, or damaged
   */
  public static WeightSource read(Path file, MemorySegment bytes) throws FormatException {
    if (ZipArchive.recognises(bytes)) {
      ZipArchive archive = ZipArchive.read(file, bytes);
      if (PickleCheckpoint.recognises(archive)) {
        return PickleCheckpoint.readZip(file, bytes, archive);
      }
      if (Hdf5.recognises(archive)) return Hdf5.readArchive(file, archive);
      if (Npz.recognises(archive)) return Npz.read(file, archive);
      throw new FormatException(
          file, "zip archive with neither data.pkl nor model.weights.h5 nor .npy", "", EXPECTATION);
    }
    if (Safetensors.recognises(bytes)) return Safetensors.read(file, bytes);
    if (PickleCheckpoint.recognises(bytes)) return PickleCheckpoint.readLegacy(file, bytes);
    if (NpyHeader.recognises(bytes)) return Npy.read(file, bytes);
    if (Hdf5.recognises(bytes)) return Hdf5.read(file, bytes);
    String guess = guess(bytes);
    // Its own reader says more than that it is unknown.
    if (isCalledSafetensors(file, guess)) return Safetensors.read(file, bytes);
    throw new FormatException(file, guess, "", EXPECTATION);
  }

  private static boolean isCalledSafetensors(Path file, String guess) {
    return guess.equals(UNKNOWN) && String.valueOf(file.getFileName()).endsWith(".safetensors");
  }

  /** Returns what is wrong with a file that cannot be an ONNX model. */
  static Optional<String> foreignToOnnx(MemorySegment bytes) {
    String guess = guess(bytes);
    boolean possible =
        guess.equals(ONNX)
            || guess.equals(UNKNOWN)
                && ONNX_FIELDS.indexOf(bytes.get(ValueLayout.JAVA_BYTE, 0) & 0xff) >= 0;
    return possible ? Optional.empty() : Optional.of(guess);
  }

  /** Returns what a file of another format looks like. */
  private static String guess(MemorySegment bytes) {
    byte[] sample =
        bytes.asSlice(0, Math.min(SAMPLE, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
    String start = new String(sample, StandardCharsets.ISO_8859_1);
    String lower = start.toLowerCase(Locale.ROOT);
    if (start.startsWith("\u0089HDF\r\n")) return "looks like HDF5 (a Keras file?)";
    if (start.startsWith("\u001f\u008b")) return "looks like a gzip archive: unpack it first";
    if (start.startsWith("ustar", 257)) return "looks like a tar archive: unpack it first";
    if (start.startsWith("\u0089PNG") || start.startsWith("\u00ff\u00d8\u00ff"))
      return "looks like a picture";
    if (start.startsWith("%PDF")) return "looks like a PDF document";
    if (start.startsWith("version https://git-lfs"))
      return "looks like a Git LFS pointer, not the file itself";
    if (lower.contains("<html") || lower.contains("<!doctype html"))
      return "looks like an HTML page";
    if (isText(sample)) return "looks like text";
    // A protocol buffer whose first field is the number of the format's version, as in ONNX.
    if (start.matches("(?s)\\x08[\\x01-\\x1f][\\x12\\x1a\\x22\\x2a\\x32\\x3a\\x42].*")) {
      return ONNX;
    }
    return UNKNOWN;
  }

  private static boolean isText(byte[] sample) {
    for (byte b : sample) {
      if (b >= 0 && b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f') return false;
      if (b == 0x7f) return false;
    }
    return true;
  }
}
