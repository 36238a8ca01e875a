package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every method on a narrow twin of every kind of family: all have rules for all their layers. */
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
    Tensor image = Tensor.of(input, HeWeights.of("image", input).toArray());
    Options options = Options.standard().withSamples(2);
    for (Attributor method : Methods.standard().allWithVariants()) {
      Node[] keep = method.keeps(graph, options).toArray(Node[]::new);
      Recording recording = graph.record(engine, image, keep);
      Attribution attribution = method.explain(engine, recording, 3, options);
      String name = method.name();
      assertEquals(Shape.of(input.extent(2), input.extent(3)), attribution.heatmap().shape(), name);
      boolean empty = true;
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), name + " has " + value);
        empty &= value == 0;
      }
      if (empty) assertFalse(attribution.warnings().isEmpty(), name + " is empty, no warning");
    }
  }
}
