package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.RelativeMethods.POINT;
import static dev.hedgerow.attribution.RelativeMethods.R;
import static dev.hedgerow.attribution.RelativeMethods.SPATIAL;
import static dev.hedgerow.attribution.RelativeMethods.X;
import static dev.hedgerow.attribution.RelativeMethods.explain;
import static dev.hedgerow.attribution.RelativeMethods.netA;
import static dev.hedgerow.attribution.RelativeMethods.netR;
import static dev.hedgerow.attribution.RelativeMethods.pass;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Relative Sectional Propagation against the numbers of its authors' code. */
class RspTest {
  private static final double PRINTED = 1e-6;

  @Test
  void convolutions() {
    KnownAnswers.assertClose("RSP conv3x3", only(pass(rule(SPATIAL), R, X)), PRINTED);
    KnownAnswers.assertClose("RSP conv1x1", only(pass(rule(POINT), R, X)), PRINTED);
  }

  @Test
  void aLinearLayerIsAPointConvolution() {
    Convolution point =
        Convolution.of(Det.parameter(1, 12, 3, 4, 1, 1), null, Window.of(1, 1, 0), 1);
    Tensor x = Det.tensor(14, 1, 4);
    Tensor r = Det.tensor(15, 1, 3);
    float[] linear = only(pass(RspRule.of(new Linear(RelativeMethods.DENSE)), r, x));
    float[] convolved =
        only(pass(rule(point), r.reshape(Shape.of(1, 3, 1, 1)), x.reshape(Shape.of(1, 4, 1, 1))));
    assertArrayEquals(convolved, linear, 1e-6f);
  }

  @Test
  void poolsNormalizationAndAdditions() {
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    Window window = Window.of(2, 2, 0);
    Rule max = Rules.maxPool(new MaxPool(window, false));
    KnownAnswers.assertClose("RSP maxpool", only(pass(max, r, X)), PRINTED);
    Rule average = Rules.averagePool(new AveragePool(window, true, false));
    KnownAnswers.assertClose("RSP avgpool", only(pass(average, r, X)), PRINTED);
    Rule norm = Rules.batchNorm(Det.normalization(.75f, -1));
    KnownAnswers.assertClose("RSP bn", only(pass(norm, r, Det.tensor(1, 1, 2, 2, 2))), PRINTED);
    List<Tensor> parts =
        pass(Rules.ADD_POSITIVE, r, Det.tensor(10, 1, 2, 2, 2), Det.tensor(11, 1, 2, 2, 2));
    KnownAnswers.assertClose("RSP add 0", parts.get(0).toArray(), PRINTED);
    KnownAnswers.assertClose("RSP add 1", parts.get(1).toArray(), PRINTED);
  }

  @Test
  void wholeNets() {
    for (int target : new int[] {0, 2}) {
      KnownAnswers.assertPrinted(
          "A rsp t" + target, explain("rsp", netA(), target).heatmap().toArray(), 6);
      KnownAnswers.assertClose(
          "R rsp t" + target, explain("rsp", netR(), target).heatmap().toArray(), 1e-5);
    }
    assertEquals(6.219167393908707, explain("rsp", netA(), 0).sum(), 1e-5);
    assertEquals(6.522308777449578, explain("rsp", netA(), 2).sum(), 1e-5);
  }

  /** Every section has support here, so what leaks is rounding. */
  @Test
  void everyLayerConserves() {
    for (Graph graph : List.of(netA(), netR())) {
      Attribution attribution = explain("rsp", graph, 0);
      RelativeMethods.assertConserves(attribution, attribution.layers().getFirst().sum());
    }
  }

  @Test
  void theStartIsTheUsers() {
    // Relative to the other classes.
    Tensor relative = Tensor.of(Shape.of(1, 3), 2, -1, -1);
    Options options = Options.standard().withStart(StartRelevance.of(relative));
    Attribution attribution = explain("rsp", netA(), 0, options);
    RelativeMethods.assertConserves(attribution, attribution.layers().getFirst().sum());
    Attribution lower = explain("rsp", netA(), 0, Options.standard().withStartLayer("relu1"));
    assertEquals(List.of("relu1", "conv1"), names(lower));
    Attribution stopped = explain("rsp", netA(), 0, Options.standard().withSaliencyLayer("pool1"));
    assertEquals(List.of("relu2", "conv2"), names(stopped));
  }

  private static List<String> names(Attribution attribution) {
    return attribution.layers().stream().map(LayerReport::layer).toList();
  }

  private static Rule rule(Convolution convolution) {
    return RspRule.of(new Conv2d(convolution));
  }

  private static float[] only(List<Tensor> parts) {
    assertEquals(1, parts.size());
    return parts.getFirst().toArray();
  }
}
