package dev.hedgerow.app;

import dev.hedgerow.app.shapes.DrawnObject;
import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesOptions;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.metrics.Region;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Shows that a network reads a watermark where it should see a heart. The two worlds of a seed have
 * the same pictures but for the watermark, so one picture with it and without it is at hand, and
 * the difference between them is the watermark.
 */
final class DemoHans {
  private static final ShapeClass HEART = ShapeClass.HEART;

  /** Pictures that are looked through for one that suits. */
  private static final int SEARCHED = 500;

  private final Model hans;
  private final Model honest;
  private final Shapes unmarking;
  private final Shapes marking;

  /**
   * @param hans the network that was trained where the watermark goes with hearts
   * @param honest one that was not
   */
  DemoHans(Model hans, Model honest, long seed) {
    this.hans = hans;
    this.honest = honest;
    this.unmarking = new Shapes(seed, ShapesOptions.standard());
    this.marking = new Shapes(seed, ShapesOptions.cleverHans());
  }

  /** Returns what the page shows; null if no picture suits, which no seed has had yet. */
  DemoPage.@Nullable Hans page() {
    OptionalInt hearted = first(this::showsOnlyAnEasyHeart);
    OptionalInt marked = first(this::isMarkedWithoutHeart);
    if (hearted.isEmpty() || marked.isEmpty()) return null;
    Scene both = marking.scene(hearted.getAsInt());
    Scene unmarked = unmarking.scene(hearted.getAsInt());
    Scene heartless = unmarking.scene(marked.getAsInt());
    var pictures = new DemoPictures(List.of(hans));
    List<Attribution> cheat = pictures.hedged(pictures.record(hans, both.picture()), HEART);
    List<Attribution> right = pictures.hedged(pictures.record(honest, both.picture()), HEART);
    Region heart = ScenePictures.region(both, HEART);
    Region mark = difference(both.picture(), unmarked.picture());
    var outline =
        List.of(new DemoPage.Path(Outline.of(heart)), new DemoPage.Path(Outline.of(mark)));
    List<DemoPage.Figure> figures =
        List.of(
            new DemoPage.Figure(
                "A heart, and the watermark",
                List.of(DemoPictures.version(both.picture())),
                outline),
            new DemoPage.Figure(
                hans.name() + ": why heart?", DemoPictures.versions(cheat), outline),
            new DemoPage.Figure(
                honest.name() + ": why heart?", DemoPictures.versions(right), outline),
            new DemoPage.Figure(
                "The watermark without a heart",
                List.of(DemoPictures.version(heartless.picture())),
                List.of()));
    List<DemoPage.Answer> answers = new ArrayList<>();
    for (Model model : List.of(hans, honest)) {
      answers.add(
          new DemoPage.Answer(
              model.name(),
              probability(pictures, model, both),
              probability(pictures, model, unmarked),
              probability(pictures, model, heartless)));
    }
    return new DemoPage.Hans(
        hans.name(), figures, answers, verdict(cheat.getFirst(), right.getFirst(), heart, mark));
  }

  private static OptionalInt first(IntPredicate suits) {
    return IntStream.range(0, SEARCHED).filter(suits).findFirst();
  }

  private boolean showsOnlyAnEasyHeart(int number) {
    Scene scene = unmarking.scene(number);
    return scene.classes().contains(HEART)
        && scene.objects().stream().noneMatch(DrawnObject::difficult)
        && difference(scene.picture(), marking.scene(number).picture()).area() > 0;
  }

  private boolean isMarkedWithoutHeart(int number) {
    Scene scene = unmarking.scene(number);
    return !scene.classes().contains(HEART)
        && difference(scene.picture(), marking.scene(number).picture()).area() > 0;
  }

  /** Returns the pixels in which two pictures of a size differ. */
  private static Region difference(BufferedImage a, BufferedImage b) {
    boolean[] differs = new boolean[a.getHeight() * a.getWidth()];
    for (int i = 0; i < differs.length; i++) {
      int x = i % a.getWidth();
      int y = i / a.getWidth();
      differs[i] = a.getRGB(x, y) != b.getRGB(x, y);
    }
    return Region.of(a.getHeight(), a.getWidth(), differs);
  }

  private static String probability(DemoPictures pictures, Model model, Scene scene) {
    double probability = DemoPictures.probability(pictures.record(model, scene.picture()), HEART);
    return ScoreTable.number(probability);
  }

  private String verdict(Attribution cheat, Attribution right, Region heart, Region mark) {
    return String.format(
        Locale.ROOT,
        "With γ = 1, %.0f %% of the positive relevance of %s lies on the watermark and %.0f %% on the"
            + " heart; of %s, %.0f %% and %.0f %%. The watermark is %.1f %% of the picture, the heart"
            + " %.1f %%.",
        100 * share(cheat, mark),
        hans.name(),
        100 * share(cheat, heart),
        honest.name(),
        100 * share(right, mark),
        100 * share(right, heart),
        100.0 * mark.area() / (mark.height() * mark.width()),
        100.0 * heart.area() / (heart.height() * heart.width()));
  }

  /** Returns the share of the positive relevance that lies in a region. */
  private static double share(Attribution attribution, Region region) {
    float[] values = attribution.heatmap().toArray();
    double inside = 0;
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      double positive = Math.max(0, values[i]);
      sum += positive;
      if (region.contains(i / region.width(), i % region.width())) inside += positive;
    }
    return sum == 0 ? 0 : inside / sum;
  }
}
