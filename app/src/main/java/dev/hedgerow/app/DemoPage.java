package dev.hedgerow.app;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the page of {@code hedgerow demo} shows; the template {@code demo.html} says how. Names are
 * the template's. Images are data URIs: the page is one file.
 *
 * @param last number of the last picture
 * @param networks their names, as text
 * @param network that whose account and scores are shown
 * @param side rows and columns of a picture
 * @param hans null where no such picture was found
 * @param scored number of pictures
 */
record DemoPage(
    String version,
    long seed,
    int last,
    String networks,
    String network,
    int side,
    List<Pictured> pictures,
    @Nullable Hans hans,
    int scored,
    long questionCount,
    long difficultCount,
    String tolerance,
    List<Row> scores) {

  /**
   * A picture.
   *
   * @param picture the image
   * @param shown what it shows, as text
   */
  record Pictured(
      int number,
      String picture,
      String shown,
      List<Prediction> predictions,
      List<Question> questions) {}

  /** How probable a network finds a class. */
  record Prediction(String name, int percent, boolean present) {}

  /**
   * A class that a picture shows.
   *
   * @param outline of it, as SVG path data
   */
  record Question(String name, String outline, List<Maps> maps, List<Account> accounts) {}

  /**
   * The maps of a method on a network.
   *
   * @param percent how probable that network finds the class
   */
  record Maps(String method, String network, int percent, List<Version> versions) {}

  /**
   * An image that the slider chooses.
   *
   * @param gamma γ, as the slider has it; empty for an image that it does not change
   * @param hidden whether another is shown first
   */
  record Version(String image, String gamma, boolean hidden) {}

  /**
   * The sums of relevance at the hedged convolutions, and as a chart of 200 × 60.
   *
   * @param zero where 0 is in the chart
   * @param due where γ − 2 is
   */
  record Account(
      String gamma, boolean hidden, double zero, double due, List<Point> points, List<Sum> rows) {
    double zeroText() {
      return zero + 2.5;
    }

    double dueText() {
      return Math.max(due, zero + 8) + 2.5;
    }
  }

  /** A point of a chart. */
  record Point(double x, double y) {}

  /** The account of a layer. */
  record Sum(String layer, String sum, String leak, String total, String due) {}

  /** The network that learned a watermark. */
  record Hans(String network, List<Figure> figures, List<Answer> answers, String verdict) {}

  /** An image with outlines, and what it is. */
  record Figure(String title, List<Version> versions, List<Path> outlined) {}

  /** An outline, as SVG path data. */
  record Path(String path) {}

  /** How probable a network finds a heart in three pictures. */
  record Answer(String name, String both, String unmarked, String heartless) {}

  /**
   * The scores of a method.
   *
   * @param best whether it is the method this is about
   */
  record Row(
      String name,
      String pointing,
      String difficult,
      String positive,
      String outsideInside,
      boolean best) {}

  /** Returns the page. */
  String html() {
    try (InputStream text = DemoPage.class.getResourceAsStream("demo.html")) {
      Objects.requireNonNull(text, "demo.html is not packed");
      Template template =
          Mustache.compiler()
              .emptyStringIsFalse(true)
              .compile(new String(text.readAllBytes(), StandardCharsets.UTF_8));
      return template.execute(this);
    } catch (IOException wrong) {
      throw new UncheckedIOException(wrong);
    }
  }
}
