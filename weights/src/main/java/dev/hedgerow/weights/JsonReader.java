package dev.hedgerow.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads JSON (RFC 8259) from memory, value by value, without building a tree: the caller asks for
 * the kind of value it expects next.
 */
final class JsonReader {
  private static final int DEEPEST = 32;

  private final Path file;
  private final MemorySegment text;
  private final long base;
  private long position;
  private int depth;

  /** Reads the members of an object. */
  @FunctionalInterface
  interface Member {
    /** Reads the value of the member called {@code name}. */
    void read(String name) throws FormatException;
  }

  /** Reads the elements of an array. */
  @FunctionalInterface
  interface Element {
    /** Reads the next element. */
    void read() throws FormatException;
  }

  /**
   * Creates a reader.
   *
   * @param file for errors
   * @param text UTF-8
   * @param base where the text starts in the file
   * @throws FormatException if the text is not UTF-8
   */
  JsonReader(Path file, MemorySegment text, long base) throws FormatException {
    this.file = file;
    this.text = text;
    this.base = base;
    requireUtf8();
  }

  /** Reads an object; {@code member} reads each value. */
  void object(Member member) throws FormatException {
    enter('{', "an object");
    if (!next('}')) {
      do {
        skipSpace();
        String name = string();
        if (!next(':')) throw unexpected("':'");
        member.read(name);
      } while (next(','));
      if (!next('}')) throw unexpected("',' or '}'");
    }
    depth--;
  }

  /** Reads an array; {@code element} reads each element. */
  void array(Element element) throws FormatException {
    enter('[', "an array");
    if (!next(']')) {
      do {
        element.read();
      } while (next(','));
      if (!next(']')) throw unexpected("',' or ']'");
    }
    depth--;
  }

  /** Reads a string. */
  String string() throws FormatException {
    long start = position + 1;
    boolean escaped = skipString();
    byte[] bytes = text.asSlice(start, position - 1 - start).toArray(ValueLayout.JAVA_BYTE);
    String raw = new String(bytes, StandardCharsets.UTF_8);
    return escaped ? unescape(raw, start) : raw;
  }

  /** Reads an integer that fits into a {@code long}. */
  long integer() throws FormatException {
    skipSpace();
    boolean negative = at() == '-';
    if (negative) position++;
    if (!isDigit(at())) throw unexpected("an integer");
    long start = position;
    long value = 0;
    while (isDigit(at())) {
      int digit = at() - '0';
      if (value < (Long.MIN_VALUE + digit) / 10) throw unexpected("an integer below 2^63");
      value = 10 * value - digit;
      position++;
    }
    if (text.get(ValueLayout.JAVA_BYTE, start) == '0' && position - start > 1) {
      throw unexpected("an integer without leading zeros");
    }
    if (at() == '.' || at() == 'e' || at() == 'E') throw unexpected("an integer");
    if (!negative && value == Long.MIN_VALUE) throw unexpected("an integer below 2^63");
    return negative ? value : -value;
  }

  /** Reads any value and drops it. */
  void skip() throws FormatException {
    skipSpace();
    switch (at()) {
      case '{' -> object(name -> skip());
      case '[' -> array(this::skip);
      case '"' -> skipString();
      case 't' -> skipWord("true");
      case 'f' -> skipWord("false");
      case 'n' -> skipWord("null");
      default -> skipNumber();
    }
  }

  /** Requires that nothing but white space is left. */
  void end() throws FormatException {
    skipSpace();
    if (at() >= 0) throw unexpected("the end of the text");
  }

  /** Reads a string without keeping it; returns whether it has escapes. */
  boolean skipString() throws FormatException {
    skipSpace();
    if (at() != '"') throw unexpected("a string");
    boolean escaped = false;
    while (true) {
      position++;
      int c = at();
      if (c == '"') break;
      if (c >= 0 && c < ' ' || c < 0) throw unexpected("a string that ends");
      if (c == '\\') {
        escaped = true;
        position++;
      }
    }
    position++;
    return escaped;
  }

  private void skipWord(String word) throws FormatException {
    for (int i = 0; i < word.length(); i++) {
      if (at() != word.charAt(i)) throw unexpected(word);
      position++;
    }
  }

  private void skipNumber() throws FormatException {
    if (at() == '-') position++;
    boolean zero = at() == '0';
    skipDigits();
    if (zero && text.get(ValueLayout.JAVA_BYTE, position - 1) != '0') throw unexpected("a number");
    if (at() == '.') {
      position++;
      skipDigits();
    }
    if (at() == 'e' || at() == 'E') {
      position++;
      if (at() == '+' || at() == '-') position++;
      skipDigits();
    }
  }

  private void skipDigits() throws FormatException {
    if (!isDigit(at())) throw unexpected("a value");
    while (isDigit(at())) position++;
  }

  private String unescape(String raw, long start) throws FormatException {
    var result = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        result.append(c);
        continue;
      }
      char escape = raw.charAt(++i);
      switch (escape) {
        case '"', '\\', '/' -> result.append(escape);
        case 'b' -> result.append('\b');
        case 'f' -> result.append('\f');
        case 'n' -> result.append('\n');
        case 'r' -> result.append('\r');
        case 't' -> result.append('\t');
        case 'u' -> {
          int code = 0;
          for (int digit = 1; digit <= 4; digit++) {
            int value = i + digit < raw.length() ? Character.digit(raw.charAt(i + digit), 16) : -1;
            if (value < 0 || raw.charAt(i + digit) > 'f') throw badString(start);
            code = 16 * code + value;
          }
          i += 4;
          result.append((char) code);
        }
        default -> throw badString(start);
      }
    }
    if (result.codePoints().anyMatch(c -> c >= 0xd800 && c < 0xe000)) throw badString(start);
    return result.toString();
  }

  private FormatException badString(long start) {
    return new FormatException(
        file, "string with a wrong escape", "offset " + (base + start), "valid JSON");
  }

  private void enter(char open, String what) throws FormatException {
    if (!next(open)) throw unexpected(what);
    if (++depth > DEEPEST) throw unexpected("JSON nested at most " + DEEPEST + " deep");
  }

  /** Skips white space, then {@code c}; returns whether it was there. */
  private boolean next(char c) {
    skipSpace();
    if (at() != c) return false;
    position++;
    return true;
  }

  private void skipSpace() {
    while (at() == ' ' || at() == '\n' || at() == '\r' || at() == '\t') position++;
  }

  /** Returns the byte at the position, -1 at the end. */
  private int at() {
    return position < text.byteSize() ? text.get(ValueLayout.JAVA_BYTE, position) & 0xff : -1;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private FormatException unexpected(String expectation) {
    int c = at();
    String found =
        c < 0
            ? "JSON ends"
            : c > ' ' && c < 0x7f ? "JSON has '" + (char) c + "'" : "JSON has byte " + c;
    return new FormatException(file, found, "offset " + (base + position), expectation);
  }

  private void requireUtf8() throws FormatException {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var chars = CharBuffer.allocate(1 << 12);
    ByteBuffer bytes = text.asByteBuffer();
    while (true) {
      var result = decoder.decode(bytes, chars.clear(), true);
      if (result.isError()) {
        throw new FormatException(
            file, "JSON that is not UTF-8", "offset " + (base + bytes.position()), "UTF-8");
      }
      if (result.isUnderflow()) return;
    }
  }
}
