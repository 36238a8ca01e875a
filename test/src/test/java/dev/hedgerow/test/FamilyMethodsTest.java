package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every method on a narrow twin of every kind of family: all have rules for all their layers, and
 * something to say about the class that the network sees.
 */
class FamilyMethodsTest {
  private final Engine engine = Engine.sequential();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alexnet",
        "vgg11_bn",
        "resnet18",
        "resnet50",
        "densenet121",
        "inception_v3",
        "googlenet",
        "squeezenet1_1",
        "mobilenet_v2",
        "cifar_resnet20"
      })
  void everyMethodExplains(String family) {
    Shape input =
        family.startsWith("inception") ? Shape.of(1, 3, 123, 107) : Shape.of(1, 3, 96, 80);
    Graph graph = Twins.of(Families.find(family).orElseThrow(), 8).graph(input, 10, HeWeights::of);
    Tensor image = image(input);
    int target = best(graph.record(engine, image).logits().toArray());
    Options options = Options.standard().withSamples(2);
    var empty = new HashSet<String>();
    for (Attributor method : Methods.standard().allWithVariants()) {
      Set<Node> keep = method.keeps(graph, options);
      Recording recording = graph.record(engine, image, keep);
      Attribution attribution = method.explain(engine, recording, target, options);
      String name = method.name();
      assertEquals(Shape.of(input.extent(2), input.extent(3)), attribution.heatmap().shape(), name);
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), name + " has " + value);
      }
      if (attribution.heatmap().isZero()) empty.add(name);
    }
    assertEquals(Set.of(), empty, "empty");
  }

  private static Tensor image(Shape shape) {
    var random = new Random(3);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    return Tensor.of(shape, pixels);
  }

  private static int best(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
    return best;
  }
}
