package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Relu;
import java.util.List;

/** The nets, layers and checks that the tests of RAP, RSP and AGF share. */
final class RelativeMethods {
  static final Tensor IMAGE = Det.tensor(26, 1, 3, 8, 8);

  /** What single layers read. */
  static final Tensor X = Det.relu(Det.tensor(1, 1, 2, 4, 4));

  /** Relevance at the output of the single convolutions. */
  static final Tensor R = Det.tensor(3, 1, 3, 4, 4);

  static final Convolution SPATIAL =
      Convolution.of(Det.parameter(1, 2, 3, 2, 3, 3), null, Window.of(3, 1, 1), 1);
  static final Convolution POINT =
      Convolution.of(Det.parameter(1, 4, 3, 2, 1, 1), null, Window.of(1, 1, 0), 1);
  static final Dense DENSE = Dense.of(Det.parameter(1, 12, 3, 4), null);

  private static final Engine ENGINE = Engine.sequential();

  private RelativeMethods() {}

  static Graph netA() {
    return Nets.a();
  }

  /** A residual block, two branches side by side, a stride, and a head that pools and flattens. */
  static Graph netR() {
    Graph.Builder builder = Graph.builder("netR");
    Node x = builder.input("input", Shape.of(1, 3, 8, 8));
    x = builder.add("conv1", Nets.conv(20, 21, 3, 4), x);
    Node skip = builder.add("relu1", new Relu(), x);
    Window window = Window.of(3, 1, 1);
    Node main = MethodsTest.normalized(builder, "A", 70, 71, 4, 4, window, skip);
    main = builder.add("reluA", new Relu(), main);
    main = MethodsTest.normalized(builder, "B", 75, 76, 4, 4, window, main);
    Node fork = builder.add("relu2", new Relu(), builder.add("add", new Add(), main, skip));
    var pointwise =
        new Conv2d(
            Convolution.of(
                Det.parameter(.5, 80, 3, 4, 1, 1),
                Det.parameter(.1, 81, 3),
                Window.of(1, 1, 0),
                1));
    Node point = builder.add("reluP", new Relu(), builder.add("convP", pointwise, fork));
    Node wide =
        builder.add("reluQ", new Relu(), builder.add("convQ", Nets.conv(82, 83, 4, 3), fork));
    Node both = builder.add("concat", new Concat(1), point, wide);
    var strided =
        new Conv2d(
            Convolution.of(
                Det.parameter(.5, 84, 5, 6, 3, 3),
                Det.parameter(.1, 85, 5),
                Window.of(3, 2, 1),
                1));
    Node last = builder.add("reluS", new Relu(), builder.add("convS", strided, both));
    var pool = new AveragePool2d(new AveragePool(Window.of(2, 2, 0), true, false));
    Node flat = builder.add("flatten", new Flatten(1), builder.add("pool", pool, last));
    Node hidden = builder.add("fc1", Nets.linear(86, 87, 20, 5), flat);
    hidden = builder.add("relu3", new Relu(), hidden);
    return builder.build(builder.add("fc2", Nets.linear(88, 89, 5, 3), hidden));
  }

  static Attribution explain(String name, Graph graph, int target, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(ENGINE, IMAGE, method.keeps(graph, options));
    return method.explain(ENGINE, recording, target, options);
  }

  static Attribution explain(String name, Graph graph, int target) {
    return explain(name, graph, target, Options.standard());
  }

  /** Passes relevance through a rule that reads nothing of its node but the inputs. */
  static List<Tensor> pass(Rule rule, Tensor r, Tensor... inputs) {
    Graph.Builder builder = Graph.builder("one");
    Node node = builder.input("input", inputs[0].shape());
    return List.copyOf(rule.pass(ENGINE, node, List.of(inputs), r).relevance());
  }

  /** Asserts that layers hand down, or declare as leak, what they receive, from a given sum on. */
  static void assertConserves(Attribution attribution, double start) {
    for (LayerReport layer : attribution.layers()) {
      assertEquals(0, layer.leak(), 1e-5 * layer.magnitude(), layer.layer());
    }
    assertEquals(
        start,
        Reductions.sum(ENGINE, attribution.relevance()),
        1e-5 * Reductions.signedSums(ENGINE, attribution.relevance()).magnitude());
  }
}
