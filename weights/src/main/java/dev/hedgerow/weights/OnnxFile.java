package dev.hedgerow.weights;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A mapped ONNX file, the external files its tensors lie in, and how much memory reading it may
 * still take.
 */
final class OnnxFile {
  /** What may be allocated beyond the bytes of the mapped files. */
  private static final long FREE_ALLOWANCE = 32L << 20;

  private final Path path;
  private final MemorySegment bytes;
  private final Map<String, MemorySegment> external = new HashMap<>();
  private long allowance;

  /**
   * Creates a file of mapped bytes.
   *
   * @param path as the user named it
   * @param bytes the whole file
   */
  OnnxFile(Path path, MemorySegment bytes) {
    this.path = path;
    this.bytes = bytes;
    this.allowance = FREE_ALLOWANCE + bytes.byteSize();
  }

  /** Returns the file as the user named it. */
  Path path() {
    return path;
  }

  /** Returns the whole file. */
  MemorySegment bytes() {
    return bytes;
  }

  /**
   * Takes {@code size} bytes off what may still be allocated.
   *
   * <p>Everything in a file costs at least its own bytes once, so an honest model never runs out; a
   * small file that asks for large arrays, or for the same large array many times, does.
   *
   * @param what needs them, for errors
   */
  void allocate(Object what, long size) throws FormatException {
    if (size > allowance) {
      throw error(
          what + " needs far more memory than the " + bytes.byteSize() + " bytes of the file");
    }
    allowance -= size;
  }

  /** Returns the error that says {@code problem}. */
  FormatException error(String problem) {
    return new FormatException(path, problem, "", "");
  }

  /** Returns the error that says {@code problem} and what should be there instead. */
  FormatException error(String problem, String expectation) {
    return new FormatException(path, problem, "", expectation);
  }

  /** Returns the error at byte {@code offset} of the file. */
  FormatException error(String problem, long offset, String expectation) {
    return new FormatException(path, problem, "offset " + offset, expectation);
  }

  /**
   * Returns bytes of an external file, mapped.
   *
   * @param tensor the tensor that lies there, for errors
   * @param location the external file, relative to this file's folder
   * @param offset where the bytes start in it
   * @param size how many are needed
   */
  MemorySegment external(String tensor, String location, long offset, long size)
      throws FormatException {
    // By the file, not by its spelling: each file counts once for what memory may be used.
    String key = Path.of(location).normalize().toString();
    MemorySegment mapped = external.get(key);
    if (mapped == null) {
      mapped = mapExternal(tensor, location, offset, size);
      external.put(key, mapped);
      allowance += mapped.byteSize();
    }
    if (offset < 0 || size > mapped.byteSize() - offset) {
      throw error(
          "tensor \""
              + tensor
              + "\" lies in \""
              + location
              + "\" of "
              + mapped.byteSize()
              + " bytes",
          size + " bytes from offset " + offset);
    }
    return mapped.asSlice(offset, size);
  }

  private MemorySegment mapExternal(String tensor, String location, long offset, long size)
      throws FormatException {
    Path target = resolve(tensor, location);
    String place = "tensor \"" + tensor + "\" lies in \"" + location + "\", which ";
    String needed = size + " bytes from offset " + offset;
    if (!Files.isRegularFile(target)) throw error(place + "is not there", needed);
    try {
      return Files.size(target) == 0 ? MemorySegment.NULL : MappedFile.map(target);
    } catch (IOException unreadable) {
      throw error(place + "cannot be read", needed);
    }
  }

  private Path resolve(String tensor, String location) throws FormatException {
    Path relative;
    try {
      relative = Path.of(location).normalize();
    } catch (InvalidPathException wrong) {
      throw badLocation(tensor, location);
    }
    if (location.isEmpty() || relative.isAbsolute() || relative.startsWith("..")) {
      throw badLocation(tensor, location);
    }
    return path.resolveSibling(relative);
  }

  private FormatException badLocation(String tensor, String location) {
    return error(
        "tensor \"" + tensor + "\" lies in \"" + location + "\"", "a file in the model's folder");
  }
}
