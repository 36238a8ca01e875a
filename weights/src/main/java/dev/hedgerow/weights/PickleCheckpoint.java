package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.weights.Pickled.Dict;
import dev.hedgerow.weights.Pickled.StorageReference;
import dev.hedgerow.weights.Pickled.Tensor;
import dev.hedgerow.weights.Pickled.Text;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads PyTorch checkpoints: the zip archives of PyTorch 1.6 and later, and the pickle streams of
 * its predecessors. Nothing in the file is executed: see {@link Unpickler}.
 *
 * <p>The tensors are those of the state dict that the file holds, directly or under the name {@code
 * state_dict}, {@code model_state_dict}, {@code model} or {@code net}. A leading {@code module.},
 * which data-parallel training puts before every name, is dropped.
 */
public final class PickleCheckpoint {
  private static final List<String> NESTED =
      List.of("state_dict", "model_state_dict", "model", "net");
  private static final String PARALLEL_PREFIX = "module.";
  private static final String PICKLE = "data.pkl";
  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long LEGACY_PROTOCOL = 1001;
  private static final int PROTO = 0x80;

  /** What the values of a pickle may take in the heap beside as many bytes as the file has. */
  private static final long HEAP = 40L << 20;

  private PickleCheckpoint() {}

  /**
   * Opens a checkpoint.
   *
   * @throws FormatException if the file is anything else, damaged, holds no tensors, or its pickle
   *     refers to anything but tensors
   * @throws IOException if it cannot be read
   */
  public static WeightSource open(Path file) throws IOException {
    MemorySegment bytes = MappedFile.map(file);
    return ZipArchive.recognises(bytes)
        ? readZip(file, bytes, ZipArchive.read(file, bytes))
        : readLegacy(file, bytes);
  }

  /** Returns whether a file starts as pickles do that are not in a zip archive. */
  static boolean recognises(MemorySegment bytes) {
    return bytes.byteSize() > 1
        && bytes.get(ValueLayout.JAVA_BYTE, 0) == (byte) PROTO
        && bytes.get(ValueLayout.JAVA_BYTE, 1) <= 5;
  }

  /** Returns whether an archive is a checkpoint. */
  static boolean recognises(ZipArchive archive) {
    return pickle(archive).isPresent();
  }

  /**
   * Reads a zip checkpoint from memory.
   *
   * @param file for errors
   */
  static WeightSource readZip(Path file, MemorySegment bytes, ZipArchive archive)
      throws FormatException {
    String name = pickle(archive).orElse(PICKLE);
    Storage pickle =
        archive
            .entry(name)
            .orElseThrow(() -> new FormatException(file, "zip archive", "", "one with " + name));
    String folder = name.substring(0, name.length() - PICKLE.length());
    ByteOrder order = byteOrder(file, archive.entry(folder + "byteorder"));
    long budget = HEAP + bytes.byteSize() - pickle.expansion();
    if (budget < 0) {
      throw new FormatException(
          file, "pickle of " + pickle.size() + " bytes", "entry " + name, "a checkpoint");
    }
    var cursor = new ByteCursor(file, pickle.bytes(), pickle.expansion() > 0 ? 0 : pickle.offset());
    Pickled root = new Unpickler(cursor, budget).read();
    return table(
        file,
        "PyTorch zip checkpoint",
        stateDict(file, root),
        order,
        key -> archive.entry(folder + "data/" + key));
  }

  /**
   * Reads a checkpoint stream from memory: five pickles (a magic number, the protocol, facts about
   * the system, the object, the keys of its storages), then for each storage its length in elements
   * and its values, little-endian on every system.
   *
   * @param file for errors
   */
  static WeightSource readLegacy(Path file, MemorySegment bytes) throws FormatException {
    long budget = HEAP + bytes.byteSize();
    var cursor = new ByteCursor(file, bytes, 0);
    Pickled magic = new Unpickler(cursor, budget).read();
    if (!(magic instanceof Pickled.BigInt number) || !number.value().equals(LEGACY_MAGIC)) {
      throw new FormatException(
          file, "a pickle that is no PyTorch checkpoint", "offset 0", "PyTorch's magic number");
    }
    Pickled protocol = new Unpickler(cursor, budget).read();
    if (!(protocol instanceof Pickled.Int version) || version.value() != LEGACY_PROTOCOL) {
      throw new FormatException(file, "unknown protocol", "", "protocol " + LEGACY_PROTOCOL);
    }
    new Unpickler(cursor, budget).read();
    var unpickler = new Unpickler(cursor, budget);
    Dict stateDict = stateDict(file, unpickler.read());
    Map<String, Storage> storages = legacyStorages(cursor, budget, unpickler.storages());
    return table(
        file,
        "PyTorch legacy checkpoint",
        stateDict,
        ByteOrder.LITTLE_ENDIAN,
        key -> Optional.ofNullable(storages.get(key)));
  }

  /** Reads the keys of the storages and where each of them is. */
  private static Map<String, Storage> legacyStorages(
      ByteCursor cursor, long budget, Map<String, StorageReference> references)
      throws FormatException {
    Path file = cursor.file();
    long keysAt = cursor.offset();
    if (!(new Unpickler(cursor, budget).read() instanceof Pickled.Sequence keys)) {
      throw new FormatException(file, "no list of storages", "offset " + keysAt, "one");
    }
    var storages = new HashMap<String, Storage>();
    for (Pickled item : keys.items) {
      StorageReference reference = item instanceof Text key ? references.get(key.value()) : null;
      if (reference == null) {
        throw new FormatException(
            file, "a storage that no tensor refers to", "offset " + cursor.offset(), "its type");
      }
      long count = cursor.i64();
      if (count != reference.count()) {
        throw new FormatException(
            file,
            "storage " + reference.key() + " of " + count + " elements",
            "offset " + (cursor.offset() - Long.BYTES),
            reference.count() + " elements, as its tensors say");
      }
      int width = reference.type().bytes();
      if (count > cursor.remaining() / width) {
        throw new FormatException(
            file,
            "truncated: storage "
                + reference.key()
                + " of "
                + count
                + " elements, "
                + cursor.remaining()
                + " bytes left",
            "offset " + cursor.offset(),
            width + " bytes for each");
      }
      long offset = cursor.offset();
      storages.put(reference.key(), new Storage.InPlace(cursor.slice(count * width), offset));
    }
    return storages;
  }

  /** Returns the dict of tensors in what a checkpoint holds. */
  private static Dict stateDict(Path file, Pickled root) throws FormatException {
    if (!(root instanceof Dict dict)) {
      throw new FormatException(file, "a checkpoint that holds no dict", "", "a state dict");
    }
    for (String name : NESTED) {
      Optional<Dict> nested = dict.dict(name);
      if (nested.isPresent() && nested.get().holdsTensors()) return nested.get();
    }
    if (dict.holdsTensors()) return dict;
    String keys =
        dict.keys.stream()
            .limit(8)
            .map(key -> key instanceof Text text ? text.value() : "?")
            .collect(Collectors.joining(", "));
    throw new FormatException(
        file, "a checkpoint without tensors; it has: " + keys, "", "a state dict");
  }

  private static WeightSource table(
      Path file,
      String format,
      Dict stateDict,
      ByteOrder order,
      Function<String, Optional<Storage>> storages)
      throws FormatException {
    var named = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < stateDict.keys.size(); i++) {
      if (stateDict.keys.get(i) instanceof Text name
          && stateDict.values.get(i) instanceof Tensor tensor) {
        named.put(name.value(), tensor);
      }
    }
    if (named.size() > TensorTable.MOST_TENSORS) {
      throw new FormatException(
          file, named.size() + " tensors", "", "at most " + TensorTable.MOST_TENSORS);
    }
    var tensors = new ArrayList<StoredTensor>(named.size());
    for (var entry : named.entrySet()) {
      String key = entry.getValue().storage().key();
      Storage storage =
          storages
              .apply(key)
              .orElseThrow(
                  () ->
                      new FormatException(
                          file, "no storage " + key, "tensor " + entry.getKey(), "its values"));
      tensors.add(tensor(file, entry.getKey(), entry.getValue(), order, storage));
    }
    return new TensorTable(file, format, tensors, ElementType.Kind.FLOATING);
  }

  private static StoredTensor tensor(
      Path file, String key, Tensor tensor, ByteOrder order, Storage storage)
      throws FormatException {
    String name = key.startsWith(PARALLEL_PREFIX) ? key.substring(PARALLEL_PREFIX.length()) : key;
    String where = "tensor " + name;
    StorageReference reference = tensor.storage();
    if (storage.size() / reference.type().bytes() < reference.count()) {
      throw new FormatException(
          file,
          "storage " + reference.key() + " of " + storage.size() + " bytes",
          where,
          reference.count() + " elements of type " + reference.type());
    }
    Shape shape = StoredTensor.shape(file, where, longs(tensor.size()));
    long[] strides = longs(tensor.stride());
    if (strides.length != shape.rank()) {
      throw new FormatException(
          file, strides.length + " strides for shape " + shape, where, "one for each axis");
    }
    long room = storage.size() / tensor.type().bytes() - reference.first();
    if (tensor.first() < 0 || tensor.first() > room) {
      throw new FormatException(
          file,
          "starts at element " + tensor.first(),
          where,
          "an element of its storage of " + storage.size() + " bytes");
    }
    long start = (reference.first() + tensor.first()) * tensor.type().bytes();
    return StoredTensor.strided(file, name, shape, tensor.type(), order, storage, start, strides);
  }

  private static long[] longs(List<Long> numbers) {
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  private static ByteOrder byteOrder(Path file, Optional<Storage> entry) throws FormatException {
    if (entry.isEmpty()) return ByteOrder.LITTLE_ENDIAN;
    byte[] bytes = entry.get().prefix(16).toArray(ValueLayout.JAVA_BYTE);
    String order = new String(bytes, StandardCharsets.UTF_8);
    return switch (order) {
      case "little" -> ByteOrder.LITTLE_ENDIAN;
      case "big" -> ByteOrder.BIG_ENDIAN;
      default -> throw new FormatException(file, "byteorder " + order, "", "little or big");
    };
  }

  private static Optional<String> pickle(ZipArchive archive) {
    return archive.names().stream()
        .filter(name -> name.equals(PICKLE) || name.endsWith("/" + PICKLE))
        .findFirst();
  }
}
