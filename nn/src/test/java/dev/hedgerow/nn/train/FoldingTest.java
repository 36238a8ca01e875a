package dev.hedgerow.nn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.Vgg;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FoldingTest {
  private static final int CLASSES = 4;

  private static Family vgg(boolean normalized, List<List<Integer>> stages) {
    return new Family(
        "vgg",
        Preprocessing.none().withSize(12, 12),
        "classifier",
        List.of(),
        ClassNames.numbered(CLASSES),
        new Vgg(stages, 1, normalized, Vgg.Form.POOLED));
  }

  private static float[] logits(Family family, Map<String, Parameter> parameters, Tensor x) {
    Graph graph =
        family.graph(
            family.input(),
            CLASSES,
            (name, shape) -> Objects.requireNonNull(parameters.get(name), name));
    return graph.run(Engine.sequential(), x).toArray();
  }

  @Test
  void aFoldedNetworkComputesTheSame() {
    List<List<Integer>> stages = List.of(List.of(5, 6), List.of(7));
    var random = new Random(3);
    var parameters = new LinkedHashMap<String, Parameter>();
    vgg(true, stages)
        .parameters(CLASSES)
        .forEach(
            (name, shape) -> {
              float[] values = new float[shape.size()];
              for (int i = 0; i < values.length; i++) {
                double value = random.nextGaussian();
                values[i] = (float) (name.endsWith("var") ? value * value + 0.1 : value);
              }
              parameters.put(name, Parameter.of(shape, values));
            });
    Map<String, Parameter> folded =
        Folding.fold(vgg(true, stages), vgg(false, stages), CLASSES, parameters);
    assertEquals(
        List.copyOf(vgg(false, stages).parameters(CLASSES).keySet()), List.copyOf(folded.keySet()));
    float[] pixels = new float[3 * 12 * 12];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Tensor x = Tensor.of(Shape.of(1, 3, 12, 12), pixels);
    float[] expected = logits(vgg(true, stages), parameters, x);
    float[] actual = logits(vgg(false, stages), folded, x);
    double largest = 0;
    for (float value : expected) largest = Math.max(largest, Math.abs(value));
    for (int c = 0; c < CLASSES; c++) assertEquals(expected[c], actual[c], 1e-5 * largest);
  }

  @Test
  void networksOfOtherLayersAreRefused() {
    Family normalized = vgg(true, List.of(List.of(5, 6), List.of(7)));
    Map<String, Parameter> parameters = Trainer.start(normalized, CLASSES, 1).parameters();
    assertThrows(
        IllegalArgumentException.class,
        () -> Folding.fold(normalized, vgg(false, List.of(List.of(5))), CLASSES, parameters));
  }
}
