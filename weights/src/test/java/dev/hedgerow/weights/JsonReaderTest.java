package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonReaderTest {
  private static JsonReader reader(String text) throws FormatException {
    return reader(text.getBytes(StandardCharsets.UTF_8));
  }

  private static JsonReader reader(byte[] text) throws FormatException {
    return new JsonReader(Samples.FILE, MemorySegment.ofArray(text), 100);
  }

  private static void skip(String text) throws FormatException {
    var json = reader(text);
    json.skip();
    json.end();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E5",
        "0.25",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        " [ 1 , [ ] , { } ]\r\n\t",
        "{\"a\":{\"b\":[null,\"\\\"\\u00e9\\n\"]}}",
        "\"\u00e9\u6c34\"",
      })
  void acceptsEveryKindOfValue(String text) throws FormatException {
    skip(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "00",
        "010",
        "-01",
        "\"\\x\"",
        "\"\\u12g4\"",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "tru",
        "True",
        "nul",
        "NaN",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{'a':1}",
        "\"",
        "\"a\nb\"",
        "\"\\",
        "1 2",
        "[]]",
        "\u00a01",
        "/**/1",
        "\uFEFF1",
      })
  void refusesEverythingElse(String text) {
    assertThrows(FormatException.class, () -> skip(text));
  }

  @Test
  void readsStrings() throws FormatException {
    assertEquals(
        "a\"\\/\b\f\n\r\t\u00e9\ud83c\udf33\u6c34",
        reader(" \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83c\\udf33\u6c34\"").string());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udf33\\ud83c\"",
        "\"\\uff1\uff11\""
      })
  void refusesWrongEscapes(String text) {
    assertThrows(FormatException.class, () -> reader(text).string());
  }

  @Test
  void readsIntegersOfTheWholeRange() throws FormatException {
    List<Long> numbers = new ArrayList<>();
    var json = reader("[0, -0, 7, -12, 9223372036854775807, -9223372036854775808]");
    json.array(() -> numbers.add(json.integer()));
    json.end();
    assertEquals(List.of(0L, 0L, 7L, -12L, Long.MAX_VALUE, Long.MIN_VALUE), numbers);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "00",
        "1.0",
        "1e3",
        "-",
        "a"
      })
  void refusesOtherIntegers(String text) {
    assertThrows(FormatException.class, () -> reader(text).integer());
  }

  @Test
  void limitsTheDepth() throws FormatException {
    skip("[".repeat(32) + "]".repeat(32));
    var error = assertThrows(FormatException.class, () -> skip("[".repeat(33) + "]".repeat(33)));
    assertTrue(String.valueOf(error.getMessage()).contains("nested at most 32 deep"));
    assertThrows(FormatException.class, () -> skip("[{\"a\":".repeat(1 << 20)));
  }

  @Test
  void namesTheOffsetInTheFile() {
    var error = assertThrows(FormatException.class, () -> skip("[1, x]"));
    assertEquals("offset 104", error.where());
    assertEquals(
        "weights.file: JSON has 'x' (at offset 104), expected a value", error.getMessage());
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    byte[] text = {'"', (byte) 0xc3, '"'};
    var error = assertThrows(FormatException.class, () -> reader(text));
    assertEquals("offset 101", error.where());
  }
}
