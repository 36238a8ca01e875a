package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void extentsCountFromEitherEnd() {
    Shape shape = Shape.of(2, 3, 5, 7);
    assertEquals(4, shape.rank());
    assertEquals(210, shape.size());
    assertEquals(3, shape.extent(1));
    assertEquals(7, shape.extent(-1));
    assertEquals(2, shape.extent(-4));
    assertEquals("[2, 3, 5, 7]", shape.toString());
    assertThrows(IndexOutOfBoundsException.class, () -> shape.extent(4));
  }

  @Test
  void aScalarHasOneElementAndAnEmptyShapeNone() {
    assertEquals(1, Shape.of().size());
    assertEquals(0, Shape.of(3, 0, 5).size());
  }

  @Test
  void shapesAreValues() {
    assertEquals(Shape.of(1, 2), Shape.of(1, 2));
    assertEquals(Shape.of(1, 2).hashCode(), Shape.of(1, 2).hashCode());
    assertNotEquals(Shape.of(1, 2), Shape.of(2, 1));
    assertNotEquals(Shape.of(1, 2), Shape.of(1, 2, 1));
    int[] extents = {4, 5};
    Shape shape = Shape.of(extents);
    extents[0] = 9;
    shape.toArray()[1] = 9;
    assertArrayEquals(new int[] {4, 5}, shape.toArray());
  }

  @Test
  void withReplacesOneExtent() {
    Shape shape = Shape.of(1, 2, 3);
    assertEquals(Shape.of(1, 8, 3), shape.with(1, 8));
    assertEquals(Shape.of(1, 2, 8), shape.with(-1, 8));
    assertEquals(Shape.of(1, 2, 3), shape);
  }

  @Test
  void impossibleExtentsAreRefused() {
    Samples.assertRefused("shape [2, -1] has a negative extent", () -> Shape.of(2, -1));
    Samples.assertRefused(
        "shape [65536, 32768] has more than 2^31-1 elements", () -> Shape.of(65536, 32768));
    assertEquals(Integer.MAX_VALUE, Shape.of(Integer.MAX_VALUE).size());
  }
}
