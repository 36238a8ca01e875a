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
    skipSpace();
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
      if (c < ' ') throw unexpected("a string that ends");
      if (c == '\\') {
        escaped = true;
        position++;
        skipEscape();
      }
    }
    position++;
    return escaped;
  }

  /** Moves from the character behind a backslash to the last one of the escape. */
  private void skipEscape() throws FormatException {
    if (at() != 'u') {
      if (at() < 0 || "\"\\/bfnrt".indexOf(at()) < 0) throw unexpected("an escape");
      return;
    }
    for (int digit = 0; digit < 4; digit++) {
      position++;
      if (Character.digit(at(), 16) < 0) throw unexpected("a hexadecimal digit");
    }
  }

  private void skipWord(String word) throws FormatException {
    for (int i = 0; i < word.length(); i++) {
      if (at() != word.charAt(i)) throw unexpected(word);
      position++;
    }
  }

  private void skipNumber() throws FormatException {
    if (at() == '-') position++;
    if (at() == '0') position++;
    else skipDigits();
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
        case 'b' -> result.append('\b');
        case 'f' -> result.append('\f');
        case 'n' -> result.append('\n');
        case 'r' -> result.append('\r');
        case 't' -> result.append('\t');
        case 'u' -> {
          result.append((char) Integer.parseInt(raw, i + 1, i + 5, 16));
          i += 4;
        }
        default -> result.append(escape);
      }
    }
    if (result.codePoints().anyMatch(c -> c >= 0xd800 && c < 0xe000)) {
      throw new FormatException(
          file, "string with half a surrogate pair", "offset " + (base + start), "valid JSON");
    }
    return result.toString();
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
