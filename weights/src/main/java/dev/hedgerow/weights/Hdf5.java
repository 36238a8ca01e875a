package dev.hedgerow.weights;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads HDF5, and the zip archives of Keras 3 that hold it, through jhdf, which must be on the
 * class path: {@code io.jhdf:jhdf:0.13.0}. Values that are stored in one piece stay in place in the
 * mapped file; chunks may be deflated and shuffled.
 */
public final class Hdf5 {
  private static final String WEIGHTS = "model.weights.h5";
  private static final String CONFIG = "config.json";
  private static final long LONGEST_CONFIG = 16 << 20;

  private static final int SHORTEST_SUPERBLOCK = 48;

  /** The eight bytes a superblock starts with, read as a little-endian number. */
  private static final long SIGNATURE = 0x0a1a0a0d46444889L;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Hdf5() {}

  /**
   * Opens an HDF5 file or a {@code .keras} archive.
   *
   * @throws FormatException if the file is anything else, damaged, or jhdf is missing
   * @throws IOException if it cannot be read
   */
  public static KerasFile open(Path file) throws IOException {
    MemorySegment bytes = MappedFile.map(file);
    return ZipArchive.recognises(bytes)
        ? readArchive(file, ZipArchive.read(file, bytes))
        : read(file, bytes);
  }

  /** Returns whether there is a superblock: at the start, or behind a user's block. */
  static boolean recognises(MemorySegment bytes) {
    return superblock(bytes) >= 0;
  }

  /** Returns whether an archive is a Keras model. */
  static boolean recognises(ZipArchive archive) {
    return archive.entry(WEIGHTS).isPresent();
  }

  /**
   * Reads HDF5 from memory.
   *
   * @param file for errors
   */
  static KerasFile read(Path file, MemorySegment bytes) throws FormatException {
    return read(file, "HDF5", bytes, 0, Optional.empty());
  }

  /**
   * Reads a {@code .keras} archive.
   *
   * @param file for errors
   */
  static KerasFile readArchive(Path file, ZipArchive archive) throws FormatException {
    Optional<Storage> weights = archive.entry(WEIGHTS);
    if (weights.isEmpty()) throw new FormatException(file, "zip archive", "", "with " + WEIGHTS);
    Optional<String> config = Optional.empty();
    if (archive.entry(CONFIG).isPresent()) {
      Storage text = archive.entry(CONFIG).get();
      if (text.size() > LONGEST_CONFIG) {
        throw new FormatException(
            file, CONFIG + " of " + text.size() + " bytes", "", "at most " + LONGEST_CONFIG);
      }
      byte[] bytes = text.bytes().toArray(ValueLayout.JAVA_BYTE);
      config = Optional.of(new String(bytes, StandardCharsets.UTF_8));
    }
    Storage storage = weights.get();
    return read(
        file,
        "Keras archive",
        storage.bytes(),
        storage.expansion() > 0 ? 0 : storage.offset(),
        config);
  }

  private static KerasFile read(
      Path file, String format, MemorySegment bytes, long base, Optional<String> config)
      throws FormatException {
    long start = superblock(bytes);
    if (start < 0) {
      throw new FormatException(file, "no HDF5 superblock", "offset " + base, "HDF5");
    }
    long length = bytes.byteSize() - start;
    if (length < SHORTEST_SUPERBLOCK) {
      throw new FormatException(
          file,
          "truncated: " + length + " bytes",
          "",
          "HDF5 with a superblock of " + SHORTEST_SUPERBLOCK + " bytes or more");
    }
    try {
      return new Hdf5Reader(file, format, bytes.asSlice(start), start, base + start).read(config);
    } catch (NoClassDefFoundError missing) {
      var error =
          new FormatException(
              file,
              "is HDF5, but its reader is not there",
              "",
              "io.jhdf:jhdf:0.13.0 on the class path");
      error.initCause(missing);
      throw error;
    } catch (StackOverflowError | RuntimeException damaged) {
      // jhdf refuses damaged structures by exceptions of every kind.
      Throwable reason = damaged;
      while (reason.getCause() != null) reason = reason.getCause();
      String said = reason.getMessage();
      var error =
          new FormatException(
              file,
              "damaged: " + (said == null ? reason.getClass().getSimpleName() : said),
              "",
              "sound HDF5");
      error.initCause(damaged);
      throw error;
    }
  }

  /** Returns where the superblock is: at 0, 512, or a double of that; -1 if nowhere. */
  private static long superblock(MemorySegment bytes) {
    long last = bytes.byteSize() - Long.BYTES;
    for (long at = 0; at <= last; at = at == 0 ? 512 : 2 * at) {
      if (bytes.get(LONG, at) == SIGNATURE) return at;
    }
    return -1;
  }
}
