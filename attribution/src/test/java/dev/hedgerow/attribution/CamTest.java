package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Class activation maps against the numbers of the methods' own code. */
class CamTest {
  private final Engine engine = Engine.sequential();
  private final Options options = Options.standard();
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);
  private final Graph netA = Nets.a();

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void gradCamsWeights(int target) {
    Node layer = netA.node("relu2");
    Recording recording = netA.record(engine, image, layer);
    KnownAnswers.assertPrinted("A relu2", recording.output(layer).toArray(), 7);
    Score score = Score.of(recording, target, options);
    Tensor gradient = score.gradient(engine, recording, layer);
    KnownAnswers.assertClose(
        "A gradcam weights t" + target, Reductions.spatialMean(engine, gradient).toArray(), 1e-6);
    KnownAnswers.assertClose(
        "A gradcam++ weights t" + target,
        new GradCamPlusPlus().weights(recording.output(layer), gradient).toArray(),
        1e-6);
  }

  /** The printed maps are not rectified, and have nothing below 0. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void gradCamPlusPlus(int target) {
    KnownAnswers.assertClose(
        "A gradcam++ t" + target, relevance("grad-cam++", netA, image, target), 1e-6);
    KnownAnswers.assertClose(
        "A gradcam++ relevance-cam t" + target,
        relevance("grad-cam++:relevance-cam", netA, image, target),
        1e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void scoreCam(int target) {
    KnownAnswers.assertClose(
        "A scorecam t" + target, relevance("score-cam", netA, image, target), 1e-6);
    KnownAnswers.assertClose(
        "A scorecam relevance-cam t" + target,
        relevance("score-cam:relevance-cam", netA, image, target),
        1e-6);
  }

  /** The printed maps are sums over the channels with the printed weights. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void scoreCamsWeights(int target) {
    float[] weights = new float[6];
    for (int c = 0; c < 6; c++) {
      weights[c] = (float) KnownAnswers.get("A scorecam weights t" + target)[c];
    }
    Recording recording = netA.record(engine, image, netA.node("relu2"));
    Tensor weighted =
        Cam.weighted(
            engine, recording.output(netA.node("relu2")), Tensor.of(Shape.of(1, 6), weights));
    assertArrayEquals(
        Channels.SUM.map(engine, weighted).toArray(),
        relevance("score-cam", netA, image, target),
        2e-6f);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void guidedGradCam(int target) {
    KnownAnswers.assertClose(
        "A guided gradcam t" + target,
        explain("guided-grad-cam", netA, image, target, options).heatmap().toArray(),
        1e-5);
    KnownAnswers.assertClose(
        "A guided gradcam captum t" + target,
        relevance("guided-grad-cam:captum", netA, image, target),
        1e-5);
  }

  @Test
  void gradCamIsCaptums() {
    Graph net = Nets.oneConvolution();
    Tensor a = ramp(0);
    assertCam(net, a, "conv1", 11.25f, 13.5f, 20.25f, 22.5f);
    assertArrayEquals(
        new float[] {-3.75f, 3, 23.25f, 30, 15, 10.5f, -3, -7.5f},
        channels(net, a, "conv1").toArray());
    assertCam(net, a, "relu1", 0, 4, 28, 32.5f);
    assertCam(net, ramp(1), "conv1", 14.5f, 19, 32.5f, 37);
  }

  @Test
  void gradCamAtTheInputIsCaptums() {
    Graph net = Nets.oneConvolution();
    float[] pixels = ramp(0).toArray();
    pixels[5] = -4;
    Tensor x = Tensor.of(Shape.of(1, 1, 4, 4), pixels);
    for (int i = 0; i < 16; i++) pixels[i] *= 0.5625f;
    assertCam(net, x, "input", pixels);
    pixels[5] = 0;
    assertArrayEquals(
        pixels,
        explain("grad-cam", net, x, 0, options.withStartLayer("input")).relevance().toArray());
  }

  /** Captum's linear0 is three numbers, of which Grad-CAM makes one; so for us, as one row. */
  @Test
  void gradCamOfAVectorIsRefused() {
    Graph net = Nets.multiLayer();
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 3), 0, 100, 0);
    assertCam(net, x, "input", 0, 400, 0);
    assertEquals(
        "grad-cam: layer \"linear0\" is not spatial but [1, 3]",
        assertThrows(
                IllegalArgumentException.class,
                () -> explain("grad-cam", net, x, 0, options.withStartLayer("linear0")))
            .getMessage());
  }

  @Test
  void guidedGradCamIsCaptums() {
    Graph net = Nets.oneConvolution();
    assertArrayEquals(
        new float[] {0, 0, 4, 4, 0, 0, 12, 8, 28, 84, 97.5f, 65, 28, 56, 65, 32.5f},
        guided(net, ramp(0), "relu1"));
    assertArrayEquals(
        new float[] {14.5f, 29, 38, 19, 29, 58, 76, 38, 65, 130, 148, 74, 32.5f, 65, 74, 37},
        guided(net, ramp(1), "conv1"));
  }

  private float[] guided(Graph net, Tensor x, String layer) {
    return explain("guided-grad-cam:captum", net, x, 0, options.withStartLayer(layer))
        .relevance()
        .toArray();
  }

  private void assertCam(Graph net, Tensor x, String layer, float... expected) {
    assertArrayEquals(expected, Channels.SUM.map(engine, channels(net, x, layer)).toArray());
  }

  private Tensor channels(Graph net, Tensor x, String layer) {
    Node node = net.node(layer);
    Recording recording = net.record(engine, x, node);
    Score score = Score.of(recording, 0, options);
    return new GradCam().channels(engine, recording, score, node);
  }

  /** 0, 1, …, 15 plus a constant. */
  private static Tensor ramp(int constant) {
    float[] values = new float[16];
    for (int i = 0; i < 16; i++) values[i] = i + constant;
    return Tensor.of(Shape.of(1, 1, 4, 4), values);
  }

  private float[] relevance(String name, Graph graph, Tensor x, int target) {
    return explain(name, graph, x, target, options).relevance().toArray();
  }

  private Attribution explain(String name, Graph graph, Tensor x, int target, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }
}
