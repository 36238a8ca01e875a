package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.layer.Clip;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Passes that record nothing, in which convolutions take over layers around them. */
class ForwardPlanTest {
  private final Random random = new Random(1);

  private final ParameterSource parameters =
      (name, shape) -> {
        float[] values = new float[shape.size()];
        for (int i = 0; i < values.length; i++) {
          float value = (float) random.nextGaussian();
          values[i] = name.endsWith("var") ? 0.5f + Math.abs(value) : value;
        }
        return Parameter.of(shape, values);
      };

  private final Graph.Builder builder = Graph.builder("net");
  private final Modules net = new Modules(builder, parameters);
  private final Node x = builder.input("x", Shape.of(1, 20, 17, 14));

  @Test
  void convolutionsOfAllKindsComputeWhatFollowsThem() {
    Node node = x;
    int layer = 0;
    for (Window window : List.of(Window.of(3, 1, 1), Window.of(1, 1, 0), Window.of(3, 2, 1))) {
      for (int groups : List.of(1, 2, 20)) {
        String name = "conv" + layer++;
        node = net.conv(name, node, 20, window, groups, layer % 2 == 0);
        if (layer % 3 != 0) node = net.batchNorm(name + ".bn", node);
        if (layer % 4 != 0) node = net.relu(name + ".relu", node);
      }
    }
    assertRunsLikeRecorded(builder.build(net.flatten("flat", node)), 1 + layer + 1);
  }

  /** As MobileNets have it. */
  @Test
  void convolutionsOfAllKindsClip() {
    Node node = x;
    for (Window window : List.of(Window.of(3, 1, 1), Window.of(1, 1, 0), Window.of(3, 2, 1))) {
      for (int groups : List.of(1, 20)) {
        String name = "conv" + window + groups;
        node = net.batchNorm(name + ".bn", net.conv(name, node, 20, window, groups, false));
        node = net.relu6(name + ".relu6", node);
      }
    }
    Node sum = net.add("sum", net.conv("last", node, 20, Window.of(1, 1, 0)), node);
    // The input, the convolutions, and the last one with its sum.
    assertRunsLikeRecorded(builder.build(builder.add("clip", new Clip(-20, 30), sum)), 1 + 6 + 1);
  }

  @Test
  void otherClipsStay() {
    var halves = new MaxPool(Window.of(2, 2, 0), false);
    Node pooled =
        net.maxPool("pool", net.relu6("a6", net.conv("a", x, 20, Window.of(3, 1, 1))), halves);
    Node above = net.conv("b", pooled, 20, Window.of(1, 1, 0));
    above = builder.add("above", new Clip(0.5f, 2), above);
    Node twice = net.relu6("c6", net.relu("relu", net.conv("c", above, 9, Window.of(1, 1, 0))));
    // The input, a with its pool, b, its clip to what is above 0, c with its ReLU, the other clip.
    assertRunsLikeRecorded(builder.build(twice), 6);
  }

  @Test
  void valuesThatOthersReadStay() {
    Node conv = net.conv("conv", x, 40, Window.of(3, 1, 1));
    Node norm = net.batchNorm("bn", conv);
    Node relu = net.relu("relu", norm);
    Node sum = net.add("sum", net.add("left", conv, relu), norm);
    Node twice = net.relu("twice", net.relu("once", net.conv("last", sum, 7, Window.of(1, 1, 0))));
    // The input, conv, bn, relu, two sums, the last convolution with one ReLU, and the other one.
    assertRunsLikeRecorded(builder.build(twice), 8);
  }

  @Test
  void theOutputItselfIsNotTakenOver() {
    Node conv = net.conv("conv", x, 40, Window.of(3, 1, 1));
    net.relu("unused", conv);
    assertRunsLikeRecorded(builder.build(conv), 2);
    assertRunsLikeRecorded(builder.build(net.relu("relu", net.batchNorm("bn", conv))), 2);
  }

  @Test
  void aConvolutionAddsAnotherValue() {
    Node left = net.conv("left", x, 40, Window.of(1, 1, 0));
    Node right = net.batchNorm("bn", net.conv("right", x, 40, Window.of(3, 1, 1)));
    Node sum = net.relu("relu", net.add("sum", right, left));
    Node again =
        net.relu("relu2", net.add("again", net.conv("next", sum, 40, Window.of(5, 1, 2)), sum));
    Node twice = net.conv("one", again, 16, Window.of(3, 2, 1));
    // The input, left, right with the sum and its ReLU, the next one, and the last with itself.
    assertRunsLikeRecorded(builder.build(net.add("twice", twice, twice)), 6);
  }

  @Test
  void aConvolutionReadsPartsAndWhatNormalizesThem() {
    Node a = net.conv("a", x, 32, Window.of(3, 1, 1));
    Node b = net.relu("relu", net.conv("b", a, 16, Window.of(1, 1, 0)));
    Node both = net.concat("both", a, b);
    Node c = net.conv("c", net.relu("n", net.batchNorm("m", both)), 7, Window.of(1, 1, 0));
    Node all = net.concat("all", both, c);
    Node d = net.conv("d", net.relu("q", net.batchNorm("p", all)), 20, Window.of(3, 2, 1));
    // The input and four convolutions.
    assertRunsLikeRecorded(builder.build(d), 5);
    // 7 channels are no whole block, and a 3×3 convolution at stride 1 reads one tensor.
    Node e = net.conv("e", net.concat("odd", c, both), 8, Window.of(1, 1, 0));
    Node f = net.conv("f", net.relu("s", net.batchNorm("r", all)), 8, Window.of(3, 1, 1));
    Node pooled = net.add("sum", e, f);
    assertRunsLikeRecorded(builder.build(pooled), 1 + 3 + 1 + 1 + 3 + 1);
  }

  @Test
  void aConvolutionTakesOverAPoolByHalves() {
    var halves = new MaxPool(Window.of(2, 2, 0), false);
    Node first = net.conv("first", x, 40, Window.of(3, 1, 1));
    Node a = net.relu("relu", net.batchNorm("bn", net.conv("a", first, 40, Window.of(3, 1, 1))));
    Node pooled = net.maxPool("pool", a, halves);
    // The input, the first convolution, and a with its pool, of which the latter is the output.
    assertRunsLikeRecorded(builder.build(pooled), 3);
    Node b = net.maxPool("pool2", net.conv("b", pooled, 40, Window.of(3, 1, 1)), halves);
    // b with its pool, and what follows that.
    assertRunsLikeRecorded(builder.build(net.relu("after", net.batchNorm("bn2", b))), 3 + 3);
  }

  /** As most networks begin. */
  @Test
  void aConvolutionOfAnImageTakesOverItsPool() {
    Graph.Builder ofImage = Graph.builder("image");
    Modules image = new Modules(ofImage, parameters);
    Node input = ofImage.input("x", Shape.of(1, 3, 37, 34));
    Node conv = image.batchNorm("bn", image.conv("conv", input, 40, Window.of(7, 2, 3)));
    var third = new MaxPool(Window.of(3, 2, 1), false);
    Node pooled = image.maxPool("pool", image.relu("relu", conv), third);
    assertRunsLikeRecorded(ofImage.build(pooled), 2);
    // Where the pool is not the only one who reads the convolution, it stays.
    Node two = image.maxPool("pool2", conv, third);
    assertRunsLikeRecorded(ofImage.build(image.add("sum", pooled, two)), 1 + 1 + 1 + 2 + 1);
  }

  @Test
  void otherPoolsStay() {
    var halves = new MaxPool(Window.of(2, 2, 0), false);
    Node a = net.conv("a", x, 40, Window.of(3, 1, 1));
    Node sum = net.add("sum", a, net.conv("b", a, 40, Window.of(3, 1, 1)));
    Node third = net.maxPool("pool3", sum, halves);
    Node fourth = net.maxPool("pool4", net.conv("c", third, 9, Window.of(1, 1, 0)), halves);
    Node fifth = net.conv("d", third, 9, Window.of(3, 1, 1));
    Node sixth = net.maxPool("pool6", fifth, halves);
    fifth = net.maxPool("pool5", fifth, new MaxPool(Window.of(3, 2, 1), false));
    Node means = net.adaptiveAveragePool("mean4", fourth, 1, 1);
    means = net.add("sum5", means, net.adaptiveAveragePool("mean5", fifth, 1, 1));
    means = net.add("sum6", means, net.adaptiveAveragePool("mean6", sixth, 1, 1));
    // The input, a, b with its sum, a pool, two convolutions, three pools, their means, and two
    // sums.
    assertRunsLikeRecorded(builder.build(means), 3 + 1 + 2 + 3 + 3 + 2);
  }

  @Test
  void poolsOfJoinedPartsArePoolsOfEach() {
    Node a = net.conv("a", x, 32, Window.of(3, 1, 1));
    Node b = net.relu("relu", net.conv("b", a, 23, Window.of(1, 1, 0)));
    Node both = net.dropout("dropout", net.concat("both", a, b));
    Node pooled = net.maxPool("pool", both, new MaxPool(Window.of(3, 2, 1), false));
    Node c = net.conv("c", pooled, 9, Window.of(1, 1, 0));
    // The input, a, b, two pools, c.
    assertRunsLikeRecorded(builder.build(c), 6);
    // Who reads one tensor has the small parts joined.
    Node d = net.conv("d", pooled, 9, Window.of(3, 1, 1));
    Node sum = net.add("sum", c, d);
    Node mean = net.adaptiveAveragePool("mean", net.concat("all", pooled, sum), 2, 1);
    // Their joint, d with its sum, two means, and these joined and flat.
    assertRunsLikeRecorded(builder.build(net.flatten("flat", mean)), 6 + 2 + 2 + 1 + 1);
  }

  @Test
  void aClippedConvolutionStaysInItsRange() {
    Convolution convolution =
        Convolution.of(Parameter.of(Shape.of(1, 1, 1, 1), 2), null, Window.of(1, 1, 0), 1);
    Tensor image = Tensor.of(Shape.of(1, 1, 1, 2), -3, 4);
    Tensor y = convolution.rectified().apply(Engine.sequential(), image);
    assertArrayEquals(new float[] {0, 8}, y.toArray());
    y = convolution.clipped(-1, 6).apply(Engine.sequential(), image);
    assertArrayEquals(new float[] {-1, 6}, y.toArray());
    assertThrows(IllegalArgumentException.class, () -> convolution.clipped(1, 6));
    assertThrows(IllegalArgumentException.class, () -> convolution.clipped(-2, -1));
    assertThrows(IllegalArgumentException.class, () -> convolution.clipped(Float.NaN, 6));
  }

  private void assertRunsLikeRecorded(Graph graph, int nodes) {
    ForwardPlan plan = ForwardPlan.of(graph, true);
    assertEquals(nodes, plan.steps().size(), () -> plan.steps().toString());
    assertEquals(graph.output().name(), plan.steps().getLast().name());
    assertEquals(graph.nodes().size(), ForwardPlan.of(graph, false).steps().size());
    float[] pixels = new float[graph.input().shape().size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Tensor image = Tensor.of(graph.input().shape(), pixels);
    Engine engine = Engine.sequential();
    float[] expected = graph.record(engine.exact(), image).logits().toArray();
    assertArrayEquals(expected, graph.run(engine.exact(), image).toArray());
    float largest = 0;
    for (float value : expected) largest = Math.max(largest, Math.abs(value));
    // The second time in memory that the first one leaves.
    for (int run = 0; run < 2; run++) {
      assertArrayEquals(expected, graph.run(engine, image).toArray(), 1e-5f * largest);
    }
    assertArrayEquals(pixels, image.toArray());
  }
}
