package dev.hedgerow.weights;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;

/**
 * Reads NumPy's {@code .npz} format: a zip archive of {@code .npy} arrays, stored or deflated.
 * Arrays of integers are converted to float32.
 */
public final class Npz {
  private static final String SUFFIX = ".npy";

  private Npz() {}

  /**
   * Opens an archive of arrays. Each is called as its entry, without {@code .npy}.
   *
   * @throws FormatException if the file is anything else, damaged, or an array cannot be read
   * @throws IOException if it cannot be read
   */
  public static WeightSource open(Path file) throws IOException {
    MemorySegment bytes = MappedFile.map(file);
    return read(file, ZipArchive.read(file, bytes));
  }

  /** Returns whether an archive holds arrays. */
  static boolean recognises(ZipArchive archive) {
    return archive.names().stream().anyMatch(name -> name.endsWith(SUFFIX));
  }

  /**
   * Reads an archive of arrays.
   *
   * @param file for errors
   */
  static WeightSource read(Path file, ZipArchive archive) throws FormatException {
    var tensors = new ArrayList<StoredTensor>();
    for (String entry : archive.names()) {
      if (!entry.endsWith(SUFFIX)) continue;
      Storage storage = archive.entry(entry).orElseThrow();
      var header =
          NpyHeader.read(file, "entry " + entry, storage.prefix(NpyHeader.LONGEST), storage.size());
      String name = entry.substring(0, entry.length() - SUFFIX.length());
      tensors.add(
          StoredTensor.contiguous(
              name, header.shape(), header.type(), header.order(), storage, header.length()));
    }
    if (tensors.isEmpty()) {
      throw new FormatException(file, "zip archive without arrays", "", ".npy entries");
    }
    return new TensorTable(file, "npz", tensors, ElementType.Kind.INTEGER);
  }
}
