package dev.hedgerow.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Preprocessing;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** The files and the text that say what an {@link Explanation} found. */
final class Report {
  /** How many of the best classes are named. */
  private static final int BEST = 5;

  /** The longest side of an overlay, in pixels; larger pictures are reduced. */
  private static final int OVERLAY = 1024;

  private final Engine engine;
  private final Explanation explanation;
  private final String stem;
  private final OutputFolder folder;
  private final Drawing drawing;

  /**
   * @param stem what the files' names begin with
   */
  Report(
      Engine engine, Explanation explanation, String stem, OutputFolder folder, Drawing drawing) {
    this.engine = engine;
    this.explanation = explanation;
    this.stem = stem;
    this.folder = folder;
    this.drawing = drawing;
  }

  /** Writes all files, the JSON last. */
  void write() throws Failure {
    writeMaps();
    if (hasGrid()) {
      folder.write(gridName(), Png.encode(Grid.of(engine, drawing, explanation, stem)));
    }
    folder.write(stem + ".json", json(true).getBytes(StandardCharsets.UTF_8));
  }

  private void writeMaps() throws Failure {
    Picture picture = explanation.picture().within(engine, OVERLAY);
    int[] packed = picture.packed();
    for (Explanation.Map map : explanation.maps()) {
      Heatmap heatmap = map.heatmap();
      Heatmap large = heatmap.resized(picture.height(), picture.width());
      double end = drawing.scale().end(heatmap, explanation.maps(map.pass().method()));
      int[] colours = heatmap.colours(drawing.colours(), end);
      int[] overlay = large.overlay(packed, drawing.colours(), end);
      folder.write(heatmapName(map), Png.encode(heatmap.height(), heatmap.width(), colours));
      folder.write(overlayName(map), Png.encode(picture.height(), picture.width(), overlay));
      folder.writeNpy(valuesName(map), heatmap.toTensor());
    }
  }

  /** Returns whether there is a grid: it compares, so it needs two maps. */
  boolean hasGrid() {
    return explanation.results().size() > 1;
  }

  private String gridName() {
    return OutputNames.grid(stem);
  }

  private String name(Explanation.Map map) {
    Attribution attribution = map.attribution();
    return OutputNames.map(stem, attribution.target(), attribution.method(), map.pass().gamma());
  }

  private String heatmapName(Explanation.Map map) {
    return name(map) + ".png";
  }

  private String overlayName(Explanation.Map map) {
    return name(map) + ".overlay.png";
  }

  private String valuesName(Explanation.Map map) {
    return name(map) + ".npy";
  }

  /** Returns the best classes, and a line for each map. */
  String text() {
    var text = new StringBuilder(explanation.image() + "\n");
    for (Explanation.Score score : best()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%6d  %.4f  %s%n",
              score.index(),
              score.probability(),
              score.name().name()));
    }
    for (Explanation.Map map : explanation.maps()) {
      Heatmap heatmap = map.heatmap();
      text.append(
          String.format(
              Locale.ROOT,
              "  %s  sum %.4g  positive %.1f%%  argmax %d,%d%n",
              folder.path(heatmapName(map)),
              map.attribution().sum(),
              100 * heatmap.positiveRatio(),
              heatmap.argMax().y(),
              heatmap.argMax().x()));
      map.attribution()
          .notes()
          .forEach(
              (name, value) ->
                  text.append(String.format(Locale.ROOT, "    %s %.4g%n", name, value)));
    }
    if (hasGrid()) {
      int columns = explanation.plan().passes().size();
      int rows = explanation.results().size() / columns;
      text.append(
          String.format(
              Locale.ROOT, "  %s  grid of %d x %d%n", folder.path(gridName()), rows, columns));
    }
    return text.toString();
  }

  private List<Explanation.Score> best() {
    return explanation.scores().subList(0, Math.min(BEST, explanation.scores().size()));
  }

  /**
   * Returns the JSON of the image.
   *
   * @param pretty on many lines, or else on one
   */
  String json(boolean pretty) {
    var text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      if (pretty) {
        json.setPrettyPrinter(
            new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
      }
      write(json);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.append('\n').toString();
  }

  private void write(JsonGenerator json) throws IOException {
    Model model = explanation.model();
    json.writeStartObject();
    json.writeStringField("hedgerow", Main.version());
    json.writeStringField("image", explanation.image().toString());
    writePair(json, "image_size", explanation.picture().height(), explanation.picture().width());
    json.writeStringField("model", model.name());
    json.writeStringField("weights", model.weights().toString());
    json.writeStringField("dialect", model.dialect());
    writePair(json, "size", model.size().height(), model.size().width());
    writePreprocessing(json, model);
    writePlan(json, explanation);
    json.writeStringField("kernels", engine.kernelName());
    json.writeNumberField("threads", engine.threads());
    json.writeArrayFieldStart("top");
    for (Explanation.Score score : best()) {
      json.writeStartObject();
      writeScore(json, score);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("maps");
    for (Explanation.Map map : explanation.maps()) write(json, map);
    json.writeEndArray();
    json.writeArrayFieldStart("failed");
    for (Explanation.Failed failed : explanation.failed()) write(json, failed);
    json.writeEndArray();
    if (hasGrid()) json.writeStringField("grid", gridName());
    writeTexts(json, "warnings", explanation.warnings());
    json.writeNumberField("read_ms", explanation.times().read());
    json.writeNumberField("forward_ms", explanation.times().forward());
    json.writeEndObject();
  }

  private static void writePreprocessing(JsonGenerator json, Model model) throws IOException {
    Preprocessing preprocessing = model.preprocessing();
    json.writeObjectFieldStart("preprocess");
    json.writeStringField("name", model.preprocess());
    json.writeNumberField("scale", preprocessing.scale());
    writeNumbers(json, "mean", preprocessing.mean());
    writeNumbers(json, "std", preprocessing.std());
    json.writeEndObject();
  }

  private static void writePlan(JsonGenerator json, Explanation explanation) throws IOException {
    Plan plan = explanation.plan();
    Options options = plan.options();
    json.writeStringField("add_policy", options.addPolicy().name().toLowerCase(Locale.ROOT));
    String startLayer = options.startLayer();
    if (startLayer == null) {
      startLayer = explanation.model().graph().startLayer().map(Node::outputName).orElse(null);
    }
    if (startLayer != null) json.writeStringField("start_layer", startLayer);
    if (!plan.start().isEmpty()) json.writeStringField("start", plan.start());
    if (options.saliencyLayer() != null) {
      json.writeStringField("saliency_layer", options.saliencyLayer());
    }
    json.writeNumberField("seed", options.seed());
    if (options.samples() > 0) json.writeNumberField("samples", options.samples());
  }

  private static void writeScore(JsonGenerator json, Explanation.Score score) throws IOException {
    json.writeNumberField("index", score.index());
    json.writeStringField("name", score.name().name());
    if (score.name().wordNetId().isPresent()) {
      json.writeStringField("wordnet", score.name().wordNetId().get());
    }
    json.writeNumberField("logit", score.logit());
    json.writeNumberField("probability", score.probability());
  }

  private void write(JsonGenerator json, Explanation.Map map) throws IOException {
    Attribution attribution = map.attribution();
    Heatmap heatmap = map.heatmap();
    json.writeStartObject();
    writeQuestion(json, map);
    json.writeObjectFieldStart("files");
    json.writeStringField("heatmap", heatmapName(map));
    json.writeStringField("overlay", overlayName(map));
    json.writeStringField("values", valuesName(map));
    json.writeEndObject();
    json.writeNumberField("sum", attribution.sum());
    json.writeNumberField("positive_ratio", heatmap.positiveRatio());
    writePair(json, "argmax_yx", heatmap.argMax().y(), heatmap.argMax().x());
    json.writeNumberField("min", heatmap.minimum());
    json.writeNumberField("max", heatmap.maximum());
    json.writeArrayFieldStart("layers");
    for (LayerReport layer : attribution.layers()) {
      json.writeStartObject();
      json.writeStringField("layer", layer.layer());
      json.writeStringField("kind", layer.kind());
      json.writeNumberField("sum", layer.sum());
      json.writeNumberField("leak", layer.leak());
      json.writeEndObject();
    }
    json.writeEndArray();
    writeTexts(json, "warnings", attribution.warnings());
    json.writeObjectFieldStart("notes");
    for (var note : attribution.notes().entrySet()) {
      json.writeNumberField(note.getKey(), note.getValue());
    }
    json.writeEndObject();
    json.writeNumberField("ms", map.milliseconds());
    json.writeEndObject();
  }

  private void write(JsonGenerator json, Explanation.Failed failed) throws IOException {
    json.writeStartObject();
    writeQuestion(json, failed);
    json.writeStringField("error", Messages.reason(failed.error()));
    json.writeNumberField("ms", failed.milliseconds());
    json.writeEndObject();
  }

  private void writeQuestion(JsonGenerator json, Explanation.Result result) throws IOException {
    Pass pass = result.pass();
    json.writeStringField("method", pass.method().name());
    json.writeObjectFieldStart("target");
    writeScore(json, explanation.score(result.target()));
    json.writeEndObject();
    if (pass.method().usesGamma()) json.writeNumberField("gamma", pass.options().gamma());
  }

  private static void writePair(JsonGenerator json, String name, int first, int second)
      throws IOException {
    json.writeFieldName(name);
    json.writeArray(new int[] {first, second}, 0, 2);
  }

  private static void writeNumbers(JsonGenerator json, String name, List<Double> numbers)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (double number : numbers) json.writeNumber(number);
    json.writeEndArray();
  }

  private static void writeTexts(JsonGenerator json, String name, List<String> texts)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) json.writeString(text);
    json.writeEndArray();
  }
}
