package dev.hedgerow.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.hedgerow.app.score.Score;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** The scores of methods as text and as JSON. */
final class ScoreTable {
  private static final String UNDEFINED = "–";

  private ScoreTable() {}

  /** Returns a line for each method below the names of the columns. */
  static String text(List<Score> scores) {
    int width = scores.stream().mapToInt(score -> score.name().length()).max().orElse(1);
    String format = "%-" + Math.max(width, "method".length()) + "s  %8s  %9s  %8s  %14s%n";
    var text =
        new StringBuilder(
            format.formatted("method", "pointing", "difficult", "positive", "outside-inside"));
    for (Score score : scores) {
      text.append(
          format.formatted(
              score.name(),
              number(score.pointing()),
              number(score.pointingDifficult()),
              positive(score),
              number(score.outsideInside())));
    }
    return text.toString();
  }

  /** Returns a number with three decimals; a dash for one that is not defined. */
  static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : UNDEFINED;
  }

  /** Returns the positive ratio; of a method without negative relevance it says nothing. */
  static String positive(Score score) {
    return score.signed() ? number(score.positiveRatio()) : UNDEFINED;
  }

  /** Returns an object with an object for each method. */
  static String json(List<Score> scores) {
    var text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.setPrettyPrinter(
          new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
      json.writeStartObject();
      for (Score score : scores) {
        json.writeObjectFieldStart(score.name());
        write(json, "pointing_game", score.pointing());
        write(json, "pointing_game_difficult", score.pointingDifficult());
        write(json, "pointing_game_predicted", score.predicted());
        write(json, "pointing_game_predicted_difficult", score.predictedDifficult());
        write(json, "positive_ratio", score.positiveRatio());
        json.writeBooleanField("signed", score.signed());
        write(json, "outside_inside", score.outsideInside());
        json.writeNumberField("outside_inside_undefined", score.undefined());
        json.writeNumberField("questions", score.questions());
        json.writeNumberField("questions_difficult", score.difficult());
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.append('\n').toString();
  }

  /** JSON has no NaN. */
  private static void write(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) json.writeNumberField(name, value);
    else json.writeNullField(name);
  }
}
