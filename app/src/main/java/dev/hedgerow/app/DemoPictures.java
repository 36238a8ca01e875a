package dev.hedgerow.app;

import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.ColourMap;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Conv2d;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Explains drawn pictures for the page. Stateless, so that threads may share it. */
final class DemoPictures {
  /** γ, as the page's slider has it; the first is shown first. */
  static final List<String> GAMMAS = List.of("1", "1.25", "1.5", "1.75", "2");

  private static final Attributor HEDGE = Methods.standard().find("gradient-hedge");
  private static final Attributor GRAD_CAM = Methods.standard().find("grad-cam");

  /** Of the magnitudes of a map, this many percent are within the colour scale. */
  private static final double SCALE_PERCENT = 99.5;

  /** Classes that are less probable are only named where they are present, in percent. */
  private static final int WORTH_NAMING = 5;

  private static final double CHART_WIDTH = 170;
  private static final double CHART_ZERO = 8;
  private static final double CHART_UNIT = 40;
  private static final double CHART_BOTTOM = 58;

  private final Engine engine = Engine.sequential();
  private final List<Model> models;

  /**
   * @param models the networks; the account is shown of the first
   */
  DemoPictures(List<Model> models) {
    this.models = List.copyOf(models);
  }

  /** Returns a recording from which both methods can explain. */
  Recording record(Model model, BufferedImage picture) {
    Set<Node> kept = new LinkedHashSet<>(HEDGE.keeps(model.graph(), Options.standard()));
    kept.addAll(GRAD_CAM.keeps(model.graph(), Options.standard()));
    return model.graph().record(engine, ScenePictures.input(engine, picture, model), kept);
  }

  /** Returns the probability of a class: networks of this world have several labels. */
  static double probability(Recording recording, ShapeClass kind) {
    return 1 / (1 + Math.exp(-recording.logits().toArray()[kind.index()]));
  }

  private static int percent(Recording recording, ShapeClass kind) {
    return (int) Math.rint(100 * probability(recording, kind));
  }

  /** Returns what the page shows of a picture. */
  DemoPage.Pictured picture(int number, Scene scene) {
    List<Recording> recordings =
        models.stream().map(model -> record(model, scene.picture())).toList();
    List<DemoPage.Question> questions =
        scene.classes().stream().map(kind -> question(scene, kind, recordings)).toList();
    String shown =
        scene.classes().stream().map(ShapeClass::label).collect(Collectors.joining(" and "));
    return new DemoPage.Pictured(
        number, uri(scene.picture()), shown, predictions(recordings.getFirst(), scene), questions);
  }

  private static List<DemoPage.Prediction> predictions(Recording recording, Scene scene) {
    return IntStream.range(0, ShapeClass.all().size())
        .mapToObj(
            k -> {
              ShapeClass kind = ShapeClass.all().get(k);
              int percent = percent(recording, kind);
              return new DemoPage.Prediction(kind.label(), percent, scene.classes().contains(kind));
            })
        .filter(prediction -> prediction.present() || prediction.percent() >= WORTH_NAMING)
        .sorted(Comparator.comparingInt(DemoPage.Prediction::percent).reversed())
        .toList();
  }

  private DemoPage.Question question(Scene scene, ShapeClass kind, List<Recording> recordings) {
    List<DemoPage.Maps> maps = new ArrayList<>();
    List<DemoPage.Account> accounts = List.of();
    for (int i = 0; i < models.size(); i++) {
      Model model = models.get(i);
      Recording recording = recordings.get(i);
      int percent = percent(recording, kind);
      List<Attribution> hedged = hedged(recording, kind);
      maps.add(new DemoPage.Maps("Gradient Hedge", model.name(), percent, versions(hedged)));
      maps.add(
          new DemoPage.Maps(
              "Grad-CAM",
              model.name(),
              percent,
              List.of(version(explain(GRAD_CAM, recording, kind, Options.standard()), ""))));
      if (i == 0) accounts = accounts(model.graph(), hedged);
    }
    String outline = Outline.of(ScenePictures.region(scene, kind));
    return new DemoPage.Question(kind.label(), outline, maps, accounts);
  }

  private Attribution explain(
      Attributor method, Recording recording, ShapeClass kind, Options options) {
    return method.explain(engine, recording, kind.index(), options);
  }

  /** Returns Gradient Hedge's explanation for each γ. */
  List<Attribution> hedged(Recording recording, ShapeClass kind) {
    return GAMMAS.stream()
        .map(Float::parseFloat)
        .map(gamma -> explain(HEDGE, recording, kind, Options.standard().withGamma(gamma)))
        .toList();
  }

  /** Returns the maps of explanations, one for each γ. */
  static List<DemoPage.Version> versions(List<Attribution> hedged) {
    return IntStream.range(0, hedged.size())
        .mapToObj(i -> version(hedged.get(i), GAMMAS.get(i)))
        .toList();
  }

  private static DemoPage.Version version(Attribution attribution, String gamma) {
    Heatmap map = Heatmap.of(attribution.heatmap());
    double end = map.percentile(SCALE_PERCENT);
    if (end == 0) end = map.scale();
    int[] colours = map.colours(ColourMap.SEISMIC, end);
    String image = uri(Png.encode(map.height(), map.width(), colours));
    return new DemoPage.Version(image, gamma, isHidden(gamma));
  }

  private static boolean isHidden(String gamma) {
    return !gamma.isEmpty() && !gamma.equals(GAMMAS.getFirst());
  }

  /** Returns a picture that the slider does not change. */
  static DemoPage.Version version(BufferedImage picture) {
    return new DemoPage.Version(uri(picture), "", false);
  }

  private static String uri(BufferedImage picture) {
    return uri(Png.encode(picture));
  }

  private static String uri(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }

  private static List<DemoPage.Account> accounts(Graph graph, List<Attribution> hedged) {
    Map<String, Node> nodes =
        graph.nodes().stream().collect(Collectors.toMap(Node::name, Function.identity()));
    return IntStream.range(0, hedged.size())
        .mapToObj(i -> account(nodes, hedged.get(i).layers(), GAMMAS.get(i)))
        .toList();
  }

  private static DemoPage.Account account(
      Map<String, Node> nodes, List<LayerReport> layers, String gamma) {
    double due = Double.parseDouble(gamma) - 2;
    List<DemoPage.Sum> rows = new ArrayList<>();
    List<Double> totals = new ArrayList<>();
    for (LayerReport layer : layers) {
      Node node = Objects.requireNonNull(nodes.get(layer.layer()));
      if (!(node.layer() instanceof Conv2d conv)) continue;
      double total = layer.sum() + layer.leak();
      totals.add(total);
      rows.add(
          new DemoPage.Sum(
              layer.layer(),
              fixed(layer.sum()),
              fixed(layer.leak()),
              fixed(total),
              fixed(conv.convolution().window().isPoint() ? 0 : due)));
    }
    // The last one reads the pixels and is not hedged.
    rows.removeLast();
    totals.removeLast();
    List<DemoPage.Point> points = new ArrayList<>();
    for (double total : totals) {
      double x = CHART_WIDTH * (points.size() + 0.5) / totals.size();
      points.add(new DemoPage.Point(decimals(x), chart(total)));
    }
    return new DemoPage.Account(gamma, isHidden(gamma), chart(0), chart(due), points, rows);
  }

  private static double chart(double sum) {
    return decimals(Math.clamp(CHART_ZERO - CHART_UNIT * sum, 0, CHART_BOTTOM));
  }

  private static double decimals(double value) {
    return Math.rint(value * 10) / 10;
  }

  private static String fixed(double value) {
    double rounded = Math.rint(value * 1e6) / 1e6 + 0.0; // No −0.
    return String.format(Locale.ROOT, "%.6f", rounded).replace('-', '−');
  }
}
