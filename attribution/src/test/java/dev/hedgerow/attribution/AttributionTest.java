package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttributionTest {
  private static List<String> warnings(float value, List<String> own) {
    Tensor relevance = Tensor.of(Shape.of(1, 1, 1, 2), new float[] {-0f, value});
    return Attribution.atInput(Engine.sequential(), new Gradient(), 3, relevance, List.of(), own)
        .warnings();
  }

  @Test
  void anEmptyMapIsNeverSilent() {
    assertEquals(List.of("the map is empty: 0 everywhere"), warnings(0, List.of()));
    assertEquals(List.of("nothing arrived"), warnings(0, List.of("nothing arrived")));
    assertEquals(List.of(), warnings(Float.MIN_VALUE, List.of()));
  }
}
