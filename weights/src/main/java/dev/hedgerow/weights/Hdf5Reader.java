package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import io.jhdf.FractalHeap;
import io.jhdf.GlobalHeap;
import io.jhdf.GroupSymbolTableNode;
import io.jhdf.LocalHeap;
import io.jhdf.ObjectHeader;
import io.jhdf.Superblock;
import io.jhdf.Superblock.SuperblockV0V1;
import io.jhdf.Superblock.SuperblockV2V3;
import io.jhdf.SymbolTableEntry;
import io.jhdf.btree.BTreeV1;
import io.jhdf.btree.BTreeV2;
import io.jhdf.btree.record.LinkNameForIndexedGroupRecord;
import io.jhdf.dataset.chunked.Chunk;
import io.jhdf.dataset.chunked.DatasetInfo;
import io.jhdf.dataset.chunked.indexing.BTreeIndex;
import io.jhdf.dataset.chunked.indexing.FixedArrayIndex;
import io.jhdf.dataset.chunked.indexing.ImplicitChunkIndex;
import io.jhdf.dataset.chunked.indexing.SingleChunkIndex;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OrderedDataType;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.datatype.VariableLength;
import io.jhdf.object.message.AttributeMessage;
import io.jhdf.object.message.DataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ChunkedDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ChunkedDataLayoutMessageV4;
import io.jhdf.object.message.DataLayoutMessage.CompactDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ContiguousDataLayoutMessage;
import io.jhdf.object.message.DataSpace;
import io.jhdf.object.message.DataSpaceMessage;
import io.jhdf.object.message.DataTypeMessage;
import io.jhdf.object.message.FilterPipelineMessage;
import io.jhdf.object.message.FilterPipelineMessage.FilterInfo;
import io.jhdf.object.message.LinkInfoMessage;
import io.jhdf.object.message.LinkMessage;
import io.jhdf.object.message.Message;
import io.jhdf.object.message.SymbolTableMessage;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the datasets of numbers in an HDF5 file, and what Keras writes beside them. jhdf parses the
 * structures; which of them, and how often, is decided here. Links to other files, links by name
 * and datasets of anything but numbers are passed over.
 *
 * <p>What jhdf finds wrong it throws as one of many unchecked exceptions.
 */
final class Hdf5Reader {
  private static final int DEEPEST = 32;
  private static final int LONGEST_NAME = 1024;
  private static final long UNDEFINED = -1;

  private final Path file;
  private final String format;
  private final long base;
  private final Superblock superblock;
  private final Hdf5Storage storage;
  private final Set<Long> groups = new HashSet<>();
  private final Map<String, Map<String, List<String>>> attributes = new HashMap<>();
  private final Map<Long, GlobalHeap> heaps = new HashMap<>();
  private final List<StoredTensor> tensors = new ArrayList<>();
  private long held;
  private long expansion;

  /** Opens a child of a group. */
  @FunctionalInterface
  private interface Child {
    void open(String name, long address) throws FormatException;
  }

  /**
   * @param file for errors
   * @param format what the file is
   * @param bytes from the superblock on
   * @param userBlock how many bytes there were before it
   * @param base where the bytes start in the file
   */
  Hdf5Reader(Path file, String format, MemorySegment bytes, long userBlock, long base)
      throws FormatException {
    this.file = file;
    this.format = format;
    this.base = base;
    ByteBuffer start = bytes.asSlice(0, Math.min(bytes.byteSize(), 256)).asByteBuffer();
    this.superblock = Superblock.readSuperblock(start.order(ByteOrder.LITTLE_ENDIAN));
    this.storage = new Hdf5Storage(bytes, superblock);
    for (int width : List.of(superblock.getSizeOfOffsets(), superblock.getSizeOfLengths())) {
      if (width != 4 && width != 8) throw error("addresses of " + width + " bytes", "", "4 or 8");
    }
    if (superblock.getBaseAddressByte() != userBlock) {
      throw error("base address " + superblock.getBaseAddressByte(), "", "that of the superblock");
    }
    long length = userBlock + bytes.byteSize();
    if (end() > length) {
      throw error("truncated: " + length + " bytes", "", end() + " as its superblock says");
    }
  }

  /** Returns how long the file was when it was written. */
  private long end() {
    return switch (superblock) {
      case SuperblockV0V1 old -> old.getEndOfFileAddress();
      case SuperblockV2V3 recent -> recent.getEndOfFileAddress();
      default -> 0;
    };
  }

  /**
   * Reads the file.
   *
   * @param config the JSON that describes the model, where it lies beside the file
   */
  KerasFile read(Optional<String> config) throws FormatException {
    open("", root(), 0);
    if (tensors.isEmpty()) throw error("HDF5 without tensors", "", "datasets of numbers");
    var table = new TensorTable(file, format, tensors, ElementType.Kind.FLOATING);
    return KerasLayers.of(table, attributes, config);
  }

  private long root() {
    return switch (superblock) {
      case SuperblockV0V1 old ->
          storage
              .structure(() -> new SymbolTableEntry(storage, old.getRootGroupSymbolTableAddress()))
              .getObjectHeaderAddress();
      case SuperblockV2V3 recent -> recent.getRootGroupObjectHeaderAddress();
      default -> throw new IllegalArgumentException("superblock of an unknown version");
    };
  }

  private void open(String path, long address, int depth) throws FormatException {
    ObjectHeader header =
        storage.header(address, () -> ObjectHeader.readObjectHeader(storage, address));
    boolean old = header.hasMessageOfType(SymbolTableMessage.class);
    if (!old && !header.hasMessageOfType(LinkInfoMessage.class)) {
      if (header.hasMessageOfType(DataSpaceMessage.class)) dataset(path, header);
      return;
    }
    if (!groups.add(address)) throw error("a group in two places", "group " + path, "one");
    if (depth > DEEPEST) throw error("groups more than " + DEEPEST + " deep", "", "fewer");
    attributes.put(path, attributes(header));
    Child child =
        (name, where) -> {
          storage.charge(2L * (path.length() + name.length()));
          if (name.isEmpty() || name.length() > LONGEST_NAME || name.contains("/")) {
            throw error("an object called \"" + name + "\"", "group " + path, "a name");
          }
          open(path.isEmpty() ? name : path + "/" + name, where, depth + 1);
        };
    if (old) table(only(header, SymbolTableMessage.class), child);
    else links(header, child);
  }

  /** Opens the children that a symbol table lists. */
  private void table(SymbolTableMessage table, Child child) throws FormatException {
    List<Long> nodes =
        storage
            .structure(() -> BTreeV1.createGroupBTree(storage, table.getBTreeAddress()))
            .getChildAddresses();
    ByteBuffer names =
        storage
            .structure(() -> new LocalHeap(storage, table.getLocalHeapAddress()))
            .getDataBuffer();
    for (long node : nodes) {
      for (SymbolTableEntry entry :
          storage
              .structure(() -> new GroupSymbolTableNode(storage, node))
              .getSymbolTableEntries()) {
        boolean hard = entry.getCacheType() < 2;
        if (hard)
          child.open(name(names, entry.getLinkNameOffset()), entry.getObjectHeaderAddress());
      }
    }
  }

  private static String name(ByteBuffer names, int at) {
    int end = at;
    while (names.get(end) != 0 && end - at <= LONGEST_NAME) end++;
    byte[] name = new byte[end - at];
    names.get(at, name);
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Opens the children to which the messages of a header, or else an index, link. */
  private void links(ObjectHeader header, Child child) throws FormatException {
    LinkInfoMessage info = only(header, LinkInfoMessage.class);
    List<LinkMessage> links = header.getMessagesOfType(LinkMessage.class);
    if (info.getBTreeNameIndexAddress() != UNDEFINED) {
      links = new ArrayList<>();
      var heap = storage.structure(() -> new FractalHeap(storage, info.getFractalHeapAddress()));
      var index =
          storage.structure(
              () ->
                  new BTreeV2<LinkNameForIndexedGroupRecord>(
                      storage, info.getBTreeNameIndexAddress()));
      for (var link : index.getRecords()) {
        ByteBuffer message = storage.structure(() -> heap.getId(link.getId()));
        storage.charge(64L + 4L * Math.min(message.remaining(), LONGEST_NAME));
        links.add(LinkMessage.fromBuffer(message, superblock));
      }
    }
    for (LinkMessage link : links) {
      if (link.getLinkType() == LinkMessage.LinkType.HARD) {
        child.open(link.getLinkName(), link.getHardLinkAddress());
      }
    }
  }

  /** Returns those of a group's attributes that are texts. */
  private Map<String, List<String>> attributes(ObjectHeader header) {
    var texts = new LinkedHashMap<String, List<String>>();
    for (var attribute : header.getMessagesOfType(AttributeMessage.class)) {
      ByteBuffer data = attribute.getDataBuffer();
      if (data == null || !KerasLayers.knows(attribute.getName())) continue;
      int count = Math.toIntExact(attribute.getDataSpace().getTotalLength());
      if (attribute.getDataType() instanceof StringData type) {
        texts.put(attribute.getName(), texts(data, type, count));
      } else if (attribute.getDataType() instanceof VariableLength type
          && type.isVariableLengthString()) {
        texts.put(attribute.getName(), texts(data, count));
      }
    }
    return texts;
  }

  private List<String> texts(ByteBuffer data, StringData type, int count) {
    var texts = new ArrayList<String>();
    int size = type.getSize();
    for (int i = 0; i < count; i++) {
      ByteBuffer text = data.slice(i * size, size);
      storage.charge(64L + 4L * size);
      type.getStringPaddingHandler().setBufferLimit(text);
      texts.add(StandardCharsets.UTF_8.decode(text).toString());
    }
    return texts;
  }

  /** Reads texts that lie in global heaps; each is stored as length, heap and index. */
  private List<String> texts(ByteBuffer data, int count) {
    var texts = new ArrayList<String>();
    data.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      int length = data.getInt();
      long address =
          superblock.getSizeOfOffsets() == 8
              ? data.getLong()
              : Integer.toUnsignedLong(data.getInt());
      int index = data.getInt();
      storage.charge(64);
      if (length == 0) {
        texts.add("");
        continue;
      }
      GlobalHeap heap = heaps.get(address);
      if (heap == null) {
        heap = storage.header(address, () -> new GlobalHeap(storage, address));
        heaps.put(address, heap);
      }
      ByteBuffer text = heap.getObjectData(index).slice(0, length);
      storage.charge(4L * length);
      texts.add(StandardCharsets.UTF_8.decode(text).toString());
    }
    return texts;
  }

  private void dataset(String path, ObjectHeader header) throws FormatException {
    DataType type = only(header, DataTypeMessage.class).getDataType();
    Optional<ElementType> element = elementType(type);
    DataSpace space = only(header, DataSpaceMessage.class).getDataSpace();
    boolean none = space.getVersion() == 2 && space.getType() == 2;
    if (element.isEmpty() || none) return;
    String where = "tensor " + path;
    if (tensors.size() == TensorTable.MOST_TENSORS) {
      throw error("too many tensors", where, "at most " + TensorTable.MOST_TENSORS);
    }
    Shape shape = StoredTensor.shape(file, where, space.getDimensionsAsLong());
    long size = (long) shape.size() * element.get().bytes();
    Storage values =
        switch (onlyLayout(header)) {
          case CompactDataLayoutMessage layout ->
              new Storage.InPlace(
                  MemorySegment.ofBuffer(layout.getDataBuffer()), base + header.getAddress());
          case ContiguousDataLayoutMessage layout when layout.getAddress() == UNDEFINED ->
              new Storage.InPlace(storage.slice(0, 0), base);
          case ContiguousDataLayoutMessage layout ->
              new Storage.InPlace(
                  storage.slice(layout.getAddress(), size), base + layout.getAddress());
          case ChunkedDataLayoutMessage layout ->
              chunks(path, header, shape, element.get(), layout.getChunkDimensions(), layout);
          case ChunkedDataLayoutMessageV4 layout -> {
            int[] box = layout.getChunkDimensions();
            box = Arrays.copyOf(box, Math.max(0, box.length - 1));
            yield chunks(path, header, shape, element.get(), box, layout);
          }
          default -> throw error("an unknown layout", where, "contiguous, compact or chunked");
        };
    if (values.size() < size) {
      throw error(
          values.size() + " bytes of values", where, size + " for " + element.get() + " " + shape);
    }
    held += values.held();
    expansion += values.expansion();
    // One by one they may be large; together they are not beyond what the file can hold.
    if (held > storage.size()
        || expansion > Storage.EXPANSION * storage.size() + Storage.ALLOWANCE) {
      throw error("tensors that stand for far more than the file holds", where, "real weights");
    }
    tensors.add(
        StoredTensor.contiguous(
            path, shape, element.get(), ((OrderedDataType) type).getByteOrder(), values, 0));
  }

  private static Optional<ElementType> elementType(DataType type) {
    int bits = 8 * type.getSize();
    return Optional.ofNullable(
        switch (type) {
          case FloatingPoint real when real.getBitOffset() == 0 && real.getBitPrecision() == bits ->
              switch (real.getExponentSize() << 8 | real.getMantissaSize()) {
                case 5 << 8 | 10 -> bits == 16 ? ElementType.F16 : null;
                case 8 << 8 | 7 -> bits == 16 ? ElementType.BF16 : null;
                case 8 << 8 | 23 -> bits == 32 ? ElementType.F32 : null;
                case 11 << 8 | 52 -> bits == 64 ? ElementType.F64 : null;
                default -> null;
              };
          case FixedPoint whole when whole.getBitOffset() == 0 && whole.getBitPrecision() == bits ->
              ElementType.find((whole.isSigned() ? "I" : "U") + bits).orElse(null);
          default -> null;
        });
  }

  private Hdf5Chunks chunks(
      String path,
      ObjectHeader header,
      Shape shape,
      ElementType type,
      int[] box,
      DataLayoutMessage layout)
      throws FormatException {
    String where = "tensor " + path;
    int rank = shape.rank();
    if (box.length != rank || rank == 0 || Arrays.stream(box).anyMatch(extent -> extent < 1)) {
      throw error("chunks " + Arrays.toString(box), where, "chunks for shape " + shape);
    }
    long expected = 1;
    long boxBytes = type.bytes();
    for (int axis = 0; axis < rank; axis++) {
      expected = Math.multiplyExact(expected, Math.ceilDiv(shape.extent(axis), box[axis]));
      boxBytes = Math.multiplyExact(boxBytes, box[axis]);
    }
    if (expected > storage.size() || boxBytes > Integer.MAX_VALUE - 8) {
      throw error("chunks " + Arrays.toString(box), where, "chunks that fit into the file");
    }
    List<Hdf5Chunks.Filter> filters = filters(where, header);
    Collection<Chunk> found =
        expected == 0 ? List.of() : index(layout, shape, box, (int) boxBytes, where);
    if (found.size() != expected) {
      throw error(found.size() + " chunks", where, expected + ": values in all of them");
    }
    var chunks = new ArrayList<Hdf5Chunks.Chunk>();
    var seen = new HashSet<Long>();
    for (Chunk chunk : found) {
      storage.charge(256);
      long[] first = chunk.getChunkOffset();
      long position = 0;
      for (int axis = 0; axis < rank; axis++) {
        boolean inside = first[axis] >= 0 && first[axis] < shape.extent(axis);
        if (!inside || first[axis] % box[axis] != 0) {
          throw error("a chunk at " + Arrays.toString(first), where, "one inside of " + shape);
        }
        position = position * shape.extent(axis) + first[axis];
      }
      if (!seen.add(position)) {
        throw error("two chunks at " + Arrays.toString(first), where, "one");
      }
      long[] mask = chunk.getFilterMask().toLongArray();
      chunks.add(
          new Hdf5Chunks.Chunk(
              storage.slice(chunk.getAddress(), Integer.toUnsignedLong(chunk.getSize())),
              base + chunk.getAddress(),
              first,
              mask.length == 0 ? 0 : (int) mask[0]));
    }
    return new Hdf5Chunks(file, path, shape, box, type.bytes(), filters, chunks);
  }

  private Collection<Chunk> index(
      DataLayoutMessage layout, Shape shape, int[] box, int boxBytes, String where)
      throws FormatException {
    if (layout instanceof ChunkedDataLayoutMessage old) {
      if (old.getBTreeAddress() == UNDEFINED) return List.of();
      return storage
          .structure(() -> BTreeV1.createDataBTree(storage, old.getBTreeAddress(), box.length))
          .getChunks();
    }
    var recent = (ChunkedDataLayoutMessageV4) layout;
    long[] extents = Arrays.stream(shape.toArray()).asLongStream().toArray();
    var info = new DatasetInfo(boxBytes, extents, box);
    long address = recent.getAddress();
    if (address == UNDEFINED) return List.of();
    return switch (recent.getIndexingType()) {
      case ChunkedDataLayoutMessageV4.SINGLE_CHUNK_INDEX ->
          new SingleChunkIndex(recent, info).getAllChunks();
      case ChunkedDataLayoutMessageV4.IMPLICIT_INDEX ->
          new ImplicitChunkIndex(address, info).getAllChunks();
      case ChunkedDataLayoutMessageV4.FIXED_ARRAY_INDEX ->
          storage.structure(() -> new FixedArrayIndex(storage, address, info).getAllChunks());
      case ChunkedDataLayoutMessageV4.B_TREE_V2_INDEX ->
          storage.structure(() -> new BTreeIndex(storage, address, info).getAllChunks());
      default -> throw error("chunks of a growing dataset", where, "a dataset of fixed shape");
    };
  }

  private List<Hdf5Chunks.Filter> filters(String where, ObjectHeader header)
      throws FormatException {
    var filters = new ArrayList<Hdf5Chunks.Filter>();
    for (var message : header.getMessagesOfType(FilterPipelineMessage.class)) {
      for (FilterInfo filter : message.getFilters()) {
        filters.add(
            switch (filter.getId()) {
              case 1 -> Hdf5Chunks.Filter.DEFLATE;
              case 2 -> Hdf5Chunks.Filter.SHUFFLE;
              case 3 -> Hdf5Chunks.Filter.CHECKSUM;
              default ->
                  throw error(
                      "filter " + filter.getId() + " (" + filter.getName() + ")",
                      where,
                      "gzip, shuffle or fletcher32");
            });
      }
    }
    return filters;
  }

  private static DataLayoutMessage onlyLayout(ObjectHeader header) {
    return only(header, DataLayoutMessage.class);
  }

  /** Returns the only message of its kind. */
  private static <T extends Message> T only(ObjectHeader header, Class<T> kind) {
    T message = header.getMessageOfType(kind);
    if (message.isMessageShared()) {
      throw new IllegalArgumentException("a shared " + kind.getSimpleName());
    }
    return message;
  }

  private FormatException error(String problem, String where, String expectation) {
    return new FormatException(file, problem, where, expectation);
  }
}
