package dev.hedgerow.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.hedgerow.nn.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A description of preprocessing in JSON: {@code
 * {"size":[224,224],"scale":0.00392156862745098,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}}.
 * Size and scale may be left out: the network's size, and 1.
 *
 * @param size what pictures are resized to, where it is stated
 */
record PreprocessFile(@Nullable Size size, Preprocessing preprocessing) {
  private static final String EXPECTED =
      "expected {\"size\":[h,w],\"scale\":s,\"mean\":[r,g,b],\"std\":[r,g,b]}";
  private static final int CHANNELS = 3;

  /**
   * Reads a description.
   *
   * @throws Failure if the file is missing, no JSON, or describes something else
   */
  static PreprocessFile read(Path file) throws Failure {
    UserFiles.check(file, "a description of preprocessing");
    try {
      return of(numbers(file));
    } catch (JsonProcessingException wrong) {
      JsonLocation at = wrong.getLocation();
      throw new Failure(
          "%s: no JSON (at line %d, column %d), %s"
              .formatted(file, at.getLineNr(), at.getColumnNr(), EXPECTED),
          wrong);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(file + ": " + wrong.getMessage() + ", " + EXPECTED, wrong);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  /** Returns the description of a preprocessing: the text of a file that says the same. */
  static String text(Preprocessing preprocessing) {
    return "{\"size\":[%d,%d],\"scale\":%s,\"mean\":%s,\"std\":%s}"
        .formatted(
            preprocessing.height(),
            preprocessing.width(),
            preprocessing.scale(),
            list(preprocessing.mean()),
            list(preprocessing.std()));
  }

  private static String list(List<Double> numbers) {
    return numbers.toString().replace(" ", "");
  }

  private static PreprocessFile of(Map<String, List<Double>> numbers) {
    List<Double> size = take(numbers, "size", List.of(), 2);
    List<Double> scale = take(numbers, "scale", List.of(1.0), 1);
    List<Double> mean = take(numbers, "mean", Collections.nCopies(CHANNELS, 0.0), CHANNELS);
    List<Double> std = take(numbers, "std", Collections.nCopies(CHANNELS, 1.0), CHANNELS);
    if (!numbers.isEmpty()) {
      throw new IllegalArgumentException("unknown entry " + numbers.keySet().iterator().next());
    }
    Preprocessing base = Preprocessing.none();
    int height = size.isEmpty() ? base.height() : extent(size.get(0));
    int width = size.isEmpty() ? base.width() : extent(size.get(1));
    return new PreprocessFile(
        size.isEmpty() ? null : new Size(height, width),
        new Preprocessing(height, width, scale.getFirst(), mean, std));
  }

  private static List<Double> take(
      Map<String, List<Double>> numbers, String name, List<Double> absent, int count) {
    List<Double> found = numbers.remove(name);
    if (found == null) return absent;
    if (found.size() != count) {
      throw new IllegalArgumentException(name + " has " + found.size() + " numbers");
    }
    return found;
  }

  private static int extent(double number) {
    if (number != Math.rint(number) || number < 1 || number > 99_999) {
      throw new IllegalArgumentException("size is " + number);
    }
    return (int) number;
  }

  /** Reads an object of numbers and lists of numbers; a number counts as a list of one. */
  private static Map<String, List<Double>> numbers(Path file) throws IOException {
    var numbers = new LinkedHashMap<String, List<Double>>();
    try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
      require(parser.nextToken() == JsonToken.START_OBJECT, "no object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        var values = new ArrayList<Double>();
        if (parser.nextToken() == JsonToken.START_ARRAY) {
          while (parser.nextToken() != JsonToken.END_ARRAY) values.add(number(parser, name));
        } else {
          values.add(number(parser, name));
        }
        require(numbers.put(name, values) == null, name + " stands twice");
      }
      require(parser.nextToken() == null, "something after the object");
    }
    return numbers;
  }

  private static double number(JsonParser parser, String name) throws IOException {
    JsonToken token = parser.currentToken();
    require(token != null && token.isNumeric(), name + " is no number or list of numbers");
    return parser.getDoubleValue();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) throw new IllegalArgumentException(otherwise);
  }
}
