package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The header of a {@code .npy} array.
 *
 * @param type of the elements
 * @param order of the bytes of an element
 * @param shape the extents; the elements are in row-major order
 * @param length of the header itself, in bytes: the elements follow
 */
record NpyHeader(ElementType type, ByteOrder order, Shape shape, int length) {
  /** Headers longer than this are refused: 64 axes need no more. */
  static final int LONGEST = 1 << 10;

  private static final int ALIGNMENT = 64;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Returns whether bytes start as {@code .npy} arrays do. */
  static boolean recognises(MemorySegment bytes) {
    return bytes.byteSize() >= MAGIC.length
        && MemorySegment.ofArray(MAGIC).mismatch(bytes.asSlice(0, MAGIC.length)) < 0;
  }

  /**
   * Reads a header.
   *
   * @param file for errors
   * @param where the array's place in the file, for errors
   * @param array the first {@link #LONGEST} bytes of the array, or all
   * @param size of the whole array in bytes, header included
   * @throws FormatException if it is damaged, describes elements other than real numbers, Fortran's
   *     order, or not as many bytes as there are
   */
  static NpyHeader read(Path file, String where, MemorySegment array, long size)
      throws FormatException {
    return new Parser(file, where).read(array, size);
  }

  /** Returns NumPy's name of a type in little-endian order, if it has the type. */
  static Optional<String> descr(ElementType type) {
    return Optional.ofNullable(
        switch (type) {
          case F64 -> "<f8";
          case F32 -> "<f4";
          case F16 -> "<f2";
          case I64 -> "<i8";
          case I32 -> "<i4";
          case I16 -> "<i2";
          case I8 -> "|i1";
          case U64 -> "<u8";
          case U32 -> "<u4";
          case U16 -> "<u2";
          case U8 -> "|u1";
          case BOOL -> "|b1";
          case BF16, C128, C64, F8_E5M2, F8_E4M3, F8_E8M0, F6_E3M2, F6_E2M3, F4 -> null;
        });
  }

  /**
   * Returns the version 1.0 header of an array, padded as NumPy pads it.
   *
   * @param descr NumPy's name of the elements' type
   */
  static byte[] bytes(String descr, Shape shape) {
    String extents =
        Arrays.stream(shape.toArray())
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(", "));
    String tuple = "(" + extents + (shape.rank() == 1 ? ",)" : ")");
    String text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + tuple + ", }";
    int prefix = MAGIC.length + 4;
    int length = (prefix + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] header = new byte[length];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) (length - prefix))
        .put(text.getBytes(StandardCharsets.US_ASCII));
    header[length - 1] = '\n';
    return header;
  }

  /** Parses the dict, a Python literal, in which the header describes the array. */
  private static final class Parser {
    private final Path file;
    private final String where;
    private String text = "";
    private int position;

    Parser(Path file, String where) {
      this.file = file;
      this.where = where;
    }

    NpyHeader read(MemorySegment array, long size) throws FormatException {
      if (!recognises(array)) throw wrong("no .npy array", "NumPy's magic string");
      var cursor = new ByteCursor(file, array, 0);
      cursor.skip(MAGIC.length);
      int version = cursor.u8();
      cursor.skip(1);
      if (version < 1 || version > 3) throw wrong(".npy version " + version, "1, 2 or 3");
      long length = version == 1 ? cursor.u16() : cursor.u32();
      if (length > LONGEST - cursor.position()) {
        throw wrong("header of " + length + " bytes", "less than " + LONGEST);
      }
      text =
          cursor.text(length, version < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
      NpyHeader header = dict((int) cursor.position());
      long expected = (long) header.type.bytes() * header.shape.size();
      if (size - header.length != expected) {
        throw wrong(
            (size - header.length < expected ? "truncated: " : "")
                + (size - header.length)
                + " bytes of values",
            expected + " for " + header.type + " of shape " + header.shape);
      }
      return header;
    }

    private NpyHeader dict(int length) throws FormatException {
      String descr = "";
      String fortran = "";
      var shapes = new ArrayList<Shape>();
      expect('{');
      while (!next('}')) {
        String key = string();
        expect(':');
        switch (key) {
          case "descr" -> {
            if (next('[')) throw wrong("a structured array", "an array of numbers");
            descr = string();
          }
          case "fortran_order" -> fortran = word();
          case "shape" -> shapes.add(shape());
          default -> throw wrong("header key " + key, "descr, fortran_order and shape");
        }
        if (!next(',')) {
          expect('}');
          break;
        }
      }
      skipSpace();
      if (position < text.length()) throw unexpected("the header's end");
      if (shapes.size() != 1) throw wrong("no shape or several", "one shape");
      if (fortran.equals("True")) throw wrong("Fortran's order", "C's order: fortran_order False");
      if (!fortran.equals("False")) throw wrong("no fortran_order", "fortran_order False");
      ByteOrder order = descr.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      return new NpyHeader(type(descr), order, shapes.getFirst(), length);
    }

    private ElementType type(String descr) throws FormatException {
      return switch (descr) {
        case "<f8", ">f8" -> ElementType.F64;
        case "<f4", ">f4" -> ElementType.F32;
        case "<f2", ">f2" -> ElementType.F16;
        case "<i8", ">i8" -> ElementType.I64;
        case "<i4", ">i4" -> ElementType.I32;
        case "<i2", ">i2" -> ElementType.I16;
        case "|i1" -> ElementType.I8;
        case "<u8", ">u8" -> ElementType.U64;
        case "<u4", ">u4" -> ElementType.U32;
        case "<u2", ">u2" -> ElementType.U16;
        case "|u1" -> ElementType.U8;
        case "|b1" -> ElementType.BOOL;
        case "|O" -> throw wrong("an array of pickled objects", "an array of numbers");
        default -> throw wrong("elements of type '" + descr + "'", "real numbers such as '<f4'");
      };
    }

    private Shape shape() throws FormatException {
      var extents = new ArrayList<Long>();
      expect('(');
      while (!next(')')) {
        extents.add(integer());
        if (extents.size() > StoredTensor.MOST_AXES) break;
        if (!next(',')) {
          expect(')');
          break;
        }
      }
      return StoredTensor.shape(file, where, extents.stream().mapToLong(Long::longValue).toArray());
    }

    private long integer() throws FormatException {
      skipSpace();
      int start = position;
      while (position < text.length() && Character.digit(text.charAt(position), 10) >= 0) {
        position++;
      }
      String digits = text.substring(start, position);
      // Python 2 wrote long integers as 3L.
      if (position < text.length() && text.charAt(position) == 'L') position++;
      try {
        return Long.parseLong(digits);
      } catch (NumberFormatException e) {
        throw wrong("extent '" + digits + "'", "an integer");
      }
    }

    private String string() throws FormatException {
      skipSpace();
      char quote = position < text.length() ? text.charAt(position) : ' ';
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, position + 1) : -1;
      if (end < 0) throw unexpected("a string");
      String string = text.substring(position + 1, end);
      position = end + 1;
      return string;
    }

    private String word() {
      skipSpace();
      int start = position;
      while (position < text.length() && Character.isLetter(text.charAt(position))) position++;
      return text.substring(start, position);
    }

    private void expect(char c) throws FormatException {
      if (!next(c)) throw unexpected("'" + c + "'");
    }

    /** Skips white space, then {@code c}; returns whether it was there. */
    private boolean next(char c) {
      skipSpace();
      if (position >= text.length() || text.charAt(position) != c) return false;
      position++;
      return true;
    }

    private void skipSpace() {
      while (position < text.length() && " \n\t".indexOf(text.charAt(position)) >= 0) position++;
    }

    private FormatException unexpected(String expectation) {
      String found =
          position < text.length() ? "'" + text.charAt(position) + "'" : "the header's end";
      return wrong(found + " at character " + position + " of the header", expectation);
    }

    private FormatException wrong(String problem, String expectation) {
      return new FormatException(file, problem, where, expectation);
    }
  }
}
