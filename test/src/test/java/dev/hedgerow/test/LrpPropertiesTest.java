package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Epsilon;
import dev.hedgerow.attribution.LayerKind;
import dev.hedgerow.attribution.LayerMap;
import dev.hedgerow.attribution.Lrp;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Norm;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.StartRelevance;
import dev.hedgerow.attribution.WithoutBias;
import dev.hedgerow.attribution.ZPlus;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Head;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.EnumSet;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What is the same in LRP, gradient and excitation backprop, on random networks. */
class LrpPropertiesTest {
  private final Engine engine = Engine.sequential();

  private static final EnumSet<Block> WITHOUT_ADD =
      EnumSet.of(Block.PLAIN, Block.RELU, Block.MAX_POOL, Block.FIRE, Block.INCEPTION);

  /** Networks of convolutions, normalization behind them, ReLUs, pools, additions. */
  @Provide
  Arbitrary<RandomNetwork> rectified() {
    var blocks = EnumSet.copyOf(WITHOUT_ADD);
    blocks.addAll(EnumSet.of(Block.AVERAGE_POOL, Block.BASIC, Block.BOTTLENECK));
    return RandomNetwork.all(blocks, EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE))
        .filter(network -> network.head() != Head.NORMALIZED_AND_POOLED);
  }

  /**
   * Networks whose sums, products and quotients are exact. Without additions: there a branch of
   * exactly 0 has a gradient but no relevance.
   */
  @Provide
  Arbitrary<RandomNetwork> integer() {
    return RandomNetwork.all(WITHOUT_ADD, EnumSet.of(Numbers.INTEGER));
  }

  /** {@code R = z g} at every layer, and {@code R / z = g} to the bit where these are integers. */
  @Property(tries = 150, seed = "81")
  void lrpZeroIsGradientTimesInput(@ForAll("integer") RandomNetwork network) {
    Graph graph = network.graph();
    Assume.that(graph.run(engine, network.image(0)).toArray()[network.target(graph)] != 0);
    Lrp zero = Lrp.of("lrp-0", "", LayerMap.of(new Epsilon(0)));
    float[] lrp = explain(network, zero, Options.standard()).relevance().toArray();
    float[] product =
        explain(network, Methods.standard().find("input-x-gradient"), Options.standard())
            .relevance()
            .toArray();
    for (int i = 0; i < lrp.length; i++) assertEquals(product[i] + 0f, lrp[i] + 0f);
  }

  @Property(tries = 150, seed = "83")
  void excitationBackpropIsZPlusWithoutBias(@ForAll("rectified") RandomNetwork network) {
    var conserving =
        LayerMap.of(new WithoutBias(new ZPlus(0)))
            .with(LayerKind.AVERAGE_POOL, new Norm(0))
            .with(LayerKind.ADD, new Norm(0))
            .withMergedBatchNorm(false);
    // Below the first ReLU values may be negative.
    Optional<Node> first =
        network.graph().nodes().stream()
            .filter(node -> node.layer() instanceof Relu && node.shape().rank() == 4)
            .findFirst();
    Assume.that(first.isPresent());
    Options options =
        Options.standard().withStart(StartRelevance.ONE_HOT).withSaliencyLayer(first.get().name());
    assertSame(
        explain(network, Lrp.of("z+", "", conserving), options),
        explain(network, Methods.standard().find("excitation-backprop"), options));
  }

  private Attribution explain(RandomNetwork network, Attributor method, Options options) {
    Graph graph = network.graph();
    Tensor image = Elementwise.absolute(engine, network.image(0));
    Recording recording = graph.record(engine, image, method.keeps(graph, options));
    return method.explain(engine, recording, network.target(graph), options);
  }

  private static void assertSame(Attribution expected, Attribution actual) {
    float[] a = expected.relevance().toArray();
    float[] b = actual.relevance().toArray();
    double largest = 0;
    for (float value : a) largest = Math.max(largest, Math.abs(value));
    for (int i = 0; i < a.length; i++) assertEquals(a[i], b[i], 1e-5 * largest);
  }
}
