package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.EnumSet;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.FloatRange;

/** What the account of an explanation says about every layer of random networks. */
class AccountPropertiesTest {
  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<RandomNetwork> networks() {
    return RandomNetwork.all(Block.EXPLAINED, EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE));
  }

  @Provide
  Arbitrary<RandomNetwork> adversarial() {
    return RandomNetwork.all(
        Block.EXPLAINED, EnumSet.complementOf(EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE)));
  }

  @Property(tries = 400, seed = "31")
  void everyLayersSumAndLeakAddUp(
      @ForAll("networks") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    assertAddsUp(network, gamma, policy);
  }

  @Property(tries = 400, seed = "32")
  void everyLayersSumAndLeakAddUpWhateverTheNumbers(
      @ForAll("adversarial") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    assertAddsUp(network, gamma, policy);
  }

  @Property(tries = 400, seed = "33")
  void mapsAreFiniteAndNeverSilentlyEmpty(
      @ForAll("adversarial") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options options =
        Options.standard()
            .withGamma(gamma)
            .withAddPolicy(policy)
            .withStartLayer(network.startLayer(graph));
    for (Attributor method : Methods.standard().all()) {
      Recording recording =
          graph.record(engine, network.image(0), method.keeps(graph, options).toArray(Node[]::new));
      Attribution attribution = method.explain(engine, recording, network.target(graph), options);
      boolean empty = true;
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
        empty &= value == 0;
      }
      for (float value : attribution.relevance().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
      }
      if (method.name().equals("gradient-hedge") && empty) {
        assertFalse(attribution.warnings().isEmpty(), "empty map without a warning");
      }
    }
  }

  private void assertAddsUp(RandomNetwork network, float gamma, AddPolicy policy) {
    Graph graph = network.graph();
    Options options =
        Options.standard()
            .withGamma(gamma)
            .withAddPolicy(policy)
            .withStartLayer(network.startLayer(graph));
    Attributor method = Methods.standard().find("gradient-hedge");
    Recording recording =
        graph.record(engine, network.image(0), method.keeps(graph, options).toArray(Node[]::new));
    Attribution attribution = method.explain(engine, recording, network.target(graph), options);
    Account.assertAddsUp(graph, attribution, gamma);
  }
}
