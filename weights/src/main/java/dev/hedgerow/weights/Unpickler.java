package dev.hedgerow.weights;

import dev.hedgerow.weights.Pickled.Callable;
import dev.hedgerow.weights.Pickled.Dict;
import dev.hedgerow.weights.Pickled.Int;
import dev.hedgerow.weights.Pickled.Opaque;
import dev.hedgerow.weights.Pickled.Sequence;
import dev.hedgerow.weights.Pickled.StorageReference;
import dev.hedgerow.weights.Pickled.StorageType;
import dev.hedgerow.weights.Pickled.Tensor;
import dev.hedgerow.weights.Pickled.Text;
import dev.hedgerow.weights.Pickled.Tuple;
import java.math.BigInteger;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a pickle of protocol 0 to 5 into {@link Pickled} values. A pickle is a program; this
 * machine knows its data instructions, and of its calls only those that describe tensors, which it
 * answers with values of its own. Any other name that the pickle brings up ends the reading,
 * whether it would be called or not.
 */
final class Unpickler {
  private static final int LONGEST_NAME = 1 << 12;
  private static final int LONGEST_INTEGER = 255;

  /** The heap bytes that a value takes on the stack and in containers, growth included. */
  private static final int REFERENCE = 12;

  private static final int OBJECT = 48;
  private static final int DICT = 96;
  private static final int DICT_ITEM = 2 * REFERENCE + 200;

  private static final Pickled NONE = new Opaque("None");
  private static final Pickled FLOAT = new Opaque("float");
  private static final Pickled BYTES = new Opaque("bytes");
  private static final Pickled SET = new Opaque("set");
  private static final Pickled SKIPPED = new Opaque("object");
  private static final Pickled TRUE = new Pickled.Flag(true);
  private static final Pickled FALSE = new Pickled.Flag(false);
  private static final Tuple EMPTY = new Tuple(List.of());

  private static final Map<String, Pickled> GLOBALS =
      Map.ofEntries(
          function("collections.OrderedDict", Callable.ORDERED_DICT),
          function("torch.Size", Callable.SIZE),
          function("torch._utils._rebuild_tensor", Callable.TENSOR),
          function("torch._utils._rebuild_tensor_v2", Callable.TENSOR),
          function("torch._utils._rebuild_tensor_v3", Callable.TYPED_TENSOR),
          function("torch._utils._rebuild_parameter", Callable.PARAMETER),
          function("torch.nn.parameter.Parameter", Callable.PARAMETER),
          function("torch.device", Callable.SKIPPED),
          function("_codecs.encode", Callable.SKIPPED),
          function("numpy.dtype", Callable.SKIPPED),
          function("numpy.core.multiarray.scalar", Callable.SKIPPED),
          function("numpy._core.multiarray.scalar", Callable.SKIPPED),
          storage("torch.DoubleStorage", ElementType.F64),
          storage("torch.FloatStorage", ElementType.F32),
          storage("torch.HalfStorage", ElementType.F16),
          storage("torch.BFloat16Storage", ElementType.BF16),
          storage("torch.LongStorage", ElementType.I64),
          storage("torch.IntStorage", ElementType.I32),
          storage("torch.ShortStorage", ElementType.I16),
          storage("torch.CharStorage", ElementType.I8),
          storage("torch.ByteStorage", ElementType.U8),
          storage("torch.BoolStorage", ElementType.BOOL),
          storage("torch.ComplexFloatStorage", ElementType.C64),
          storage("torch.ComplexDoubleStorage", ElementType.C128),
          storage("torch.storage.UntypedStorage", ElementType.U8),
          dataType("torch.float64", ElementType.F64),
          dataType("torch.float32", ElementType.F32),
          dataType("torch.float16", ElementType.F16),
          dataType("torch.bfloat16", ElementType.BF16),
          dataType("torch.int64", ElementType.I64),
          dataType("torch.int32", ElementType.I32),
          dataType("torch.int16", ElementType.I16),
          dataType("torch.int8", ElementType.I8),
          dataType("torch.uint64", ElementType.U64),
          dataType("torch.uint32", ElementType.U32),
          dataType("torch.uint16", ElementType.U16),
          dataType("torch.uint8", ElementType.U8),
          dataType("torch.bool", ElementType.BOOL),
          dataType("torch.complex64", ElementType.C64),
          dataType("torch.complex128", ElementType.C128),
          dataType("torch.float8_e5m2", ElementType.F8_E5M2),
          dataType("torch.float8_e4m3fn", ElementType.F8_E4M3));

  private final ByteCursor cursor;
  private final long start;
  private final ArrayList<Pickled> stack = new ArrayList<>();
  private final ArrayList<Integer> marks = new ArrayList<>();
  private final ArrayList<@Nullable Pickled> memo = new ArrayList<>();
  private final Map<String, StorageReference> storages = new HashMap<>();
  private long budget;

  /** The offset of the instruction that is carried out, for errors. */
  private long offset;

  /**
   * Creates a machine for one pickle.
   *
   * @param cursor at its first byte; after {@link #read} behind its last one
   * @param budget how many bytes of heap its values may take
   */
  Unpickler(ByteCursor cursor, long budget) {
    this.cursor = cursor;
    this.start = cursor.position();
    this.budget = budget;
  }

  private static Map.Entry<String, Pickled> function(String name, Callable callable) {
    return Map.entry(name, new Pickled.Function(callable));
  }

  private static Map.Entry<String, Pickled> storage(String name, ElementType type) {
    return Map.entry(name, new StorageType(type));
  }

  private static Map.Entry<String, Pickled> dataType(String name, ElementType type) {
    return Map.entry(name, new Pickled.DataType(type));
  }

  /** Returns the storages that the pickle refers to, by key, views resolved. */
  Map<String, StorageReference> storages() {
    return storages;
  }

  /**
   * Reads the pickle.
   *
   * @throws FormatException if it is damaged, takes too much heap, or refers to anything but
   *     tensors
   */
  Pickled read() throws FormatException {
    while (true) {
      offset = cursor.offset();
      int code = cursor.u8();
      switch (code) {
        case 0x80 -> { // PROTO
          int protocol = cursor.u8();
          if (protocol > 5) throw wrong("pickle protocol " + protocol, "at most 5");
        }
        case 0x95 -> cursor.skip(8); // FRAME
        case '.' -> { // STOP
          Pickled result = pop();
          if (!stack.isEmpty() || !marks.isEmpty()) throw wrong("values left on the stack", "one");
          return result;
        }

        case 'N' -> push(NONE); // NONE
        case 0x88 -> push(TRUE); // NEWTRUE
        case 0x89 -> push(FALSE); // NEWFALSE
        case 'I' -> pushDecimal(line(), true); // INT
        case 'L' -> pushDecimal(line(), false); // LONG
        case 'J' -> push(cursor.i32()); // BININT
        case 'K' -> push(cursor.u8()); // BININT1
        case 'M' -> push(cursor.u16()); // BININT2
        case 0x8a -> pushBinary(cursor.u8()); // LONG1
        case 0x8b -> pushBinary(cursor.u32()); // LONG4
        case 'F' -> { // FLOAT
          line();
          push(FLOAT);
        }
        case 'G' -> { // BINFLOAT
          cursor.skip(8);
          push(FLOAT);
        }

        // Names keep the escapes of protocol 0, in which no checkpoint can be written.
        case 'S' ->
            pushQuoted(cursor.line(Integer.MAX_VALUE, StandardCharsets.ISO_8859_1)); // STRING
        case 'T' -> pushText(cursor.u32(), StandardCharsets.ISO_8859_1); // BINSTRING
        case 'U' -> pushText(cursor.u8(), StandardCharsets.ISO_8859_1); // SHORT_BINSTRING
        case 'V' ->
            pushText(cursor.line(Integer.MAX_VALUE, StandardCharsets.ISO_8859_1)); // UNICODE
        case 'X' -> pushText(cursor.u32(), StandardCharsets.UTF_8); // BINUNICODE
        case 0x8c -> pushText(cursor.u8(), StandardCharsets.UTF_8); // SHORT_BINUNICODE
        case 0x8d -> pushText(cursor.i64(), StandardCharsets.UTF_8); // BINUNICODE8
        case 'B' -> pushBytes(cursor.u32()); // BINBYTES
        case 'C' -> pushBytes(cursor.u8()); // SHORT_BINBYTES
        case 0x8e, 0x96 -> pushBytes(cursor.i64()); // BINBYTES8, BYTEARRAY8

        case ']' -> pushSequence(List.of()); // EMPTY_LIST
        case 'l' -> pushSequence(popMarked()); // LIST
        case 'a' -> { // APPEND
          Pickled item = pop();
          append(List.of(item));
        }
        case 'e' -> append(popMarked()); // APPENDS
        case ')' -> push(EMPTY); // EMPTY_TUPLE
        case 't' -> push(new Tuple(popMarked())); // TUPLE
        case 0x85 -> push(new Tuple(pop(1))); // TUPLE1
        case 0x86 -> push(new Tuple(pop(2))); // TUPLE2
        case 0x87 -> push(new Tuple(pop(3))); // TUPLE3
        case '}' -> pushDict(List.of()); // EMPTY_DICT
        case 'd' -> pushDict(popMarked()); // DICT
        case 's' -> set(pop(2)); // SETITEM
        case 'u' -> set(popMarked()); // SETITEMS
        case 0x8f -> push(SET); // EMPTY_SET
        case 0x90 -> popMarked(); // ADDITEMS
        case 0x91 -> { // FROZENSET
          popMarked();
          push(SET);
        }

        case '(' -> { // MARK
          charge(OBJECT);
          marks.add(stack.size());
        }
        case '0' -> { // POP
          if (!marks.isEmpty() && marks.getLast() == stack.size()) marks.removeLast();
          else pop();
        }
        case '1' -> popMarked(); // POP_MARK
        case '2' -> push(peek()); // DUP
        case 'p' -> remember(index(line())); // PUT
        case 'q' -> remember(cursor.u8()); // BINPUT
        case 'r' -> remember(cursor.u32()); // LONG_BINPUT
        case 0x94 -> remember(memo.size()); // MEMOIZE
        case 'g' -> recall(index(line())); // GET
        case 'h' -> recall(cursor.u8()); // BINGET
        case 'j' -> recall(cursor.u32()); // LONG_BINGET

        case 'c' -> push(global(name(), name())); // GLOBAL
        case 0x93 -> { // STACK_GLOBAL
          Pickled name = pop();
          Pickled module = pop();
          if (!(module instanceof Text first) || !(name instanceof Text second)) {
            throw wrong("pickle calls what is not a name", "tensor rebuilding");
          }
          push(global(first.value(), second.value()));
        }
        case 'R' -> { // REDUCE
          Pickled arguments = pop();
          push(call(pop(), arguments));
        }
        case 0x81 -> { // NEWOBJ
          Pickled arguments = pop();
          push(call(pop(), arguments));
        }
        case 0x92 -> { // NEWOBJ_EX
          pop();
          Pickled arguments = pop();
          push(call(pop(), arguments));
        }
        case 'i' -> { // INST
          Pickled callable = global(name(), name());
          push(call(callable, new Tuple(popMarked())));
        }
        case 'o' -> { // OBJ
          List<Pickled> items = popMarked();
          if (items.isEmpty()) throw wrong("a call of nothing", "a callable");
          push(call(items.getFirst(), new Tuple(items.subList(1, items.size()))));
        }
        case 'b' -> { // BUILD
          pop();
          switch (peek()) {
            // The attributes of a state dict, and what a parameter remembers of its training.
            case Dict _, Tensor _, Opaque _ -> {}
            default -> throw wrong("attributes for a value that has none", "a state dict");
          }
        }
        case 'Q' -> push(storageReference(pop())); // BINPERSID
        default ->
            throw wrong(
                "pickle instruction " + (code > ' ' && code < 0x7f ? "" + (char) code : code),
                "one that a checkpoint needs");
      }
    }
  }

  /** Returns the value of a global, if it is on the list. */
  private Pickled global(String module, String name) throws FormatException {
    Pickled value = GLOBALS.get(module + "." + name);
    if (value == null) {
      throw wrong(
          "pickle calls "
              + shorten(module)
              + "."
              + shorten(name)
              + " at offset "
              + offset
              + "; only tensor rebuilding is allowed");
    }
    return value;
  }

  private Pickled call(Pickled callable, Pickled arguments) throws FormatException {
    if (!(callable instanceof Pickled.Function function)) {
      throw wrong("pickle calls a value", "a function that rebuilds a tensor");
    }
    if (!(arguments instanceof Tuple tuple)) throw wrong("a call without a tuple", "arguments");
    List<Pickled> items = tuple.items();
    return switch (function.callable()) {
      case ORDERED_DICT -> orderedDict(items);
      case SIZE -> new Tuple(items.isEmpty() ? List.of() : items(items.getFirst()));
      case TENSOR -> tensor(items, null);
      case TYPED_TENSOR -> {
        if (items.size() < 7 || !(items.get(6) instanceof Pickled.DataType type)) {
          throw wrong("a tensor without a dtype", "one");
        }
        yield tensor(items, type.type());
      }
      case PARAMETER -> {
        if (items.isEmpty() || !(items.getFirst() instanceof Tensor tensor)) {
          throw wrong("a parameter without a tensor", "one");
        }
        yield tensor;
      }
      case SKIPPED -> SKIPPED;
    };
  }

  private Dict orderedDict(List<Pickled> arguments) throws FormatException {
    charge(DICT);
    var dict = new Dict();
    if (arguments.isEmpty()) return dict;
    for (Pickled item : items(arguments.getFirst())) {
      List<Pickled> pair = items(item);
      if (pair.size() != 2) throw wrong("a dict item of " + pair.size() + " values", "2");
      charge(DICT_ITEM);
      dict.put(pair.getFirst(), pair.getLast());
    }
    return dict;
  }

  private Tensor tensor(List<Pickled> arguments, @Nullable ElementType type)
      throws FormatException {
    if (arguments.size() < 4
        || !(arguments.get(0) instanceof StorageReference storage)
        || !(arguments.get(1) instanceof Int first)) {
      throw wrong("a tensor's arguments", "a storage, an offset, a size and strides");
    }
    return new Tensor(
        storage,
        type == null ? storage.type() : type,
        first.value(),
        integers(arguments.get(2)),
        integers(arguments.get(3)));
  }

  /** Returns what {@code ('storage', type, key, device, count, view)} stands for. */
  private StorageReference storageReference(Pickled id) throws FormatException {
    List<Pickled> items = items(id);
    if (items.size() < 5
        || !(items.get(0) instanceof Text tag)
        || !tag.value().equals("storage")
        || !(items.get(1) instanceof StorageType type)
        || !(items.get(2) instanceof Text key)
        || !(items.get(4) instanceof Int count)
        || count.value() < 0) {
      throw wrong("a persistent id that is no storage", "('storage', type, key, device, count)");
    }
    charge(DICT_ITEM);
    var whole = new StorageReference(key.value(), type.type(), count.value(), 0);
    if (!whole.equals(storages.getOrDefault(key.value(), whole))) {
      throw wrong("storage " + key.value() + " in two types or sizes", "one");
    }
    storages.put(key.value(), whole);
    long first = 0;
    if (items.size() > 5 && items.get(5) instanceof Tuple view) {
      // (key, offset, count): a part of the storage under a key of its own.
      if (view.items().size() != 3) throw wrong("a storage view", "(key, offset, count)");
      List<Long> numbers = integers(new Tuple(view.items().subList(1, 3)));
      if (numbers.size() != 2 || numbers.getFirst() < 0 || numbers.getFirst() > count.value()) {
        throw wrong("a storage view", "(key, offset, count) inside of the storage");
      }
      first = numbers.getFirst();
    }
    return new StorageReference(key.value(), type.type(), count.value(), first);
  }

  private List<Pickled> items(Pickled value) throws FormatException {
    return switch (value) {
      case Tuple tuple -> tuple.items();
      case Sequence sequence -> sequence.items;
      default -> throw wrong("a value that is no list or tuple", "one");
    };
  }

  private List<Long> integers(Pickled value) throws FormatException {
    List<Pickled> items = items(value);
    charge(OBJECT + 2L * OBJECT * items.size());
    var integers = new ArrayList<Long>(items.size());
    for (Pickled item : items) {
      if (!(item instanceof Int number)) throw wrong("an extent that is no integer", "one");
      integers.add(number.value());
    }
    return integers;
  }

  private void pushDecimal(String digits, boolean mayBeFlag) throws FormatException {
    if (mayBeFlag && (digits.equals("00") || digits.equals("01"))) {
      push(digits.equals("01") ? TRUE : FALSE);
      return;
    }
    String number = digits.endsWith("L") ? digits.substring(0, digits.length() - 1) : digits;
    try {
      if (number.length() > LONGEST_INTEGER) throw new NumberFormatException();
      push(new BigInteger(number));
    } catch (NumberFormatException e) {
      throw wrong("a wrong integer", "decimal digits");
    }
  }

  private void pushBinary(long length) throws FormatException {
    if (length > LONGEST_INTEGER) {
      throw wrong("an integer of " + length + " bytes", "at most " + LONGEST_INTEGER);
    }
    byte[] bytes = cursor.array(length);
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
    push(bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes));
  }

  private void push(BigInteger value) throws FormatException {
    charge(2L * LONGEST_INTEGER);
    if (value.bitLength() < Long.SIZE) push(value.longValue());
    else push(new Pickled.BigInt(value));
  }

  private void push(long value) throws FormatException {
    charge(OBJECT);
    push(new Int(value));
  }

  private void pushText(long length, Charset charset) throws FormatException {
    if (length > cursor.remaining()) cursor.skip(length);
    charge(3 * length);
    pushText(cursor.text(length, charset));
  }

  private void pushQuoted(String quoted) throws FormatException {
    int last = quoted.length() - 1;
    if (last < 1
        || quoted.charAt(0) != '\'' && quoted.charAt(0) != '"'
        || quoted.charAt(last) != quoted.charAt(0)) {
      throw wrong("a string without quotes", "quotes");
    }
    pushText(quoted.substring(1, last));
  }

  private void pushText(String text) throws FormatException {
    charge(4L * OBJECT + 3L * text.length());
    push(new Text(text));
  }

  private void pushBytes(long length) throws FormatException {
    cursor.skip(length);
    push(BYTES);
  }

  private void pushSequence(List<Pickled> items) throws FormatException {
    charge(2 * OBJECT);
    push(new Sequence());
    append(items);
  }

  private void append(List<Pickled> items) throws FormatException {
    if (!(peek() instanceof Sequence sequence)) throw wrong("items for what is no list", "a list");
    charge((long) REFERENCE * items.size());
    sequence.items.addAll(items);
  }

  private void pushDict(List<Pickled> items) throws FormatException {
    charge(DICT);
    push(new Dict());
    set(items);
  }

  private void set(List<Pickled> items) throws FormatException {
    if (!(peek() instanceof Dict dict)) throw wrong("items for what is no dict", "a dict");
    if (items.size() % 2 != 0) throw wrong("a key without a value", "pairs");
    charge((long) DICT_ITEM * (items.size() / 2));
    for (int i = 0; i < items.size(); i += 2) dict.put(items.get(i), items.get(i + 1));
  }

  private void push(Pickled value) throws FormatException {
    charge(REFERENCE);
    stack.add(value);
  }

  private Pickled peek() throws FormatException {
    if (stack.size() <= bottom()) throw wrong("nothing on the stack", "a value");
    return stack.getLast();
  }

  private Pickled pop() throws FormatException {
    Pickled value = peek();
    stack.removeLast();
    return value;
  }

  private List<Pickled> pop(int count) throws FormatException {
    if (stack.size() - bottom() < count) throw wrong("too little on the stack", count + " values");
    return popFrom(stack.size() - count);
  }

  private List<Pickled> popMarked() throws FormatException {
    if (marks.isEmpty()) throw wrong("no mark on the stack", "one");
    return popFrom(marks.removeLast());
  }

  private List<Pickled> popFrom(int from) throws FormatException {
    List<Pickled> top = stack.subList(from, stack.size());
    charge(2 * OBJECT + 2L * REFERENCE * top.size());
    List<Pickled> items = List.copyOf(top);
    top.clear();
    return items;
  }

  /** Returns the height of the stack below which the latest mark hides the values. */
  private int bottom() {
    return marks.isEmpty() ? 0 : marks.getLast();
  }

  private long index(String digits) throws FormatException {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw wrong("a wrong memo index", "decimal digits");
    }
  }

  private void remember(long index) throws FormatException {
    Pickled value = peek();
    // Picklers number their objects, so that an index is smaller than what came before it is long.
    if (index < 0 || index >= cursor.position() - start) {
      throw wrong("memo index " + index, "one below the pickle's length");
    }
    if (index >= memo.size()) {
      charge(REFERENCE * (index + 1 - memo.size()));
      memo.ensureCapacity((int) index + 1);
      while (memo.size() <= index) memo.add(null);
    }
    memo.set((int) index, value);
  }

  private void recall(long index) throws FormatException {
    Pickled value = index < 0 || index >= memo.size() ? null : memo.get((int) index);
    if (value == null) throw wrong("memo index " + index, "one that was set");
    push(value);
  }

  private String line() throws FormatException {
    return cursor.line(2 * LONGEST_INTEGER, StandardCharsets.ISO_8859_1);
  }

  private String name() throws FormatException {
    return cursor.line(LONGEST_NAME, StandardCharsets.UTF_8);
  }

  private static String shorten(String name) {
    return name.length() > 100 ? name.substring(0, 100) + "..." : name;
  }

  private void charge(long bytes) throws FormatException {
    budget -= bytes;
    if (budget < 0) throw wrong("a pickle of too many objects", "a checkpoint");
  }

  private FormatException wrong(String problem, String expectation) {
    return new FormatException(
        cursor.file(), "pickle has " + problem, "offset " + offset, expectation);
  }

  private FormatException wrong(String problem) {
    return new FormatException(cursor.file(), problem, "", "");
  }
}
