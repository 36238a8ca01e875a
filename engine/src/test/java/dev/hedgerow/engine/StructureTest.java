package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertPaddingLanesAreZero;
import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static dev.hedgerow.engine.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Every operation against {@link Tensor#get}, element by element. */
class StructureTest {
  private final Engine engine = Engine.sequential();

  /** Where an element of a result comes from. */
  interface Source {
    float at(int[] index);
  }

  private static void assertElements(Tensor actual, Source source) {
    Shape shape = actual.shape();
    int[] index = new int[shape.rank()];
    for (int i = 0; i < shape.size(); i++) {
      int rest = i;
      for (int axis = index.length - 1; axis >= 0; axis--) {
        index[axis] = rest % shape.extent(axis);
        rest /= shape.extent(axis);
      }
      assertEquals(source.at(index), actual.get(index));
    }
    assertPaddingLanesAreZero(actual);
  }

  private static int[] extents(Random random, int rank) {
    int[] extents = new int[rank];
    for (int axis = 0; axis < rank; axis++) extents[axis] = random.nextInt(1, axis == 1 ? 40 : 6);
    return extents;
  }

  @Property(tries = 300, seed = "121")
  void concatJoinsAlongAnyAxis(
      @ForAll @IntRange(min = 1, max = 5) int rank,
      @ForAll @IntRange(min = 1, max = 4) int count,
      @ForAll @IntRange(max = 4) int anyAxis,
      @ForAll boolean fromTheEnd,
      @ForAll int seed) {
    var random = new Random(seed);
    int axis = anyAxis % rank;
    int[] extents = extents(random, rank);
    List<Tensor> parts = new ArrayList<>();
    List<Integer> owner = new ArrayList<>();
    List<Integer> position = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      extents[axis] = random.nextInt(0, 36);
      for (int i = 0; i < extents[axis]; i++) {
        owner.add(k);
        position.add(i);
      }
      Shape shape = Shape.of(extents);
      parts.add(Tensor.of(shape, Samples.integers(random, shape.size())));
    }
    Tensor joined = Structure.concat(engine, parts, fromTheEnd ? axis - rank : axis);
    assertEquals(owner.size(), joined.shape().extent(axis));
    assertElements(
        joined,
        index -> {
          int[] from = index.clone();
          from[axis] = position.get(index[axis]);
          return parts.get(owner.get(index[axis])).get(from);
        });
    if (axis == 0) assertArrayEquals(joined.data, Structure.stack(parts).data);
  }

  @Property(tries = 300, seed = "122")
  void sliceAndItsReverse(@ForAll @IntRange(min = 1, max = 5) int rank, @ForAll int seed) {
    var random = new Random(seed);
    Shape shape = Shape.of(extents(random, rank));
    int[] starts = new int[rank];
    int[] ends = new int[rank];
    int[] steps = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      starts[axis] = random.nextBoolean() ? 0 : random.nextInt(shape.extent(axis));
      ends[axis] = random.nextInt(starts[axis], shape.extent(axis) + 1);
      steps[axis] = random.nextBoolean() ? 1 : random.nextInt(1, 4);
    }
    Tensor x = Tensor.of(shape, Samples.integers(random, shape.size()));
    Tensor y = Structure.slice(engine, x, starts, ends, steps);
    assertElements(
        y,
        index -> {
          int[] from = new int[rank];
          for (int i = 0; i < rank; i++) from[i] = starts[i] + index[i] * steps[i];
          return x.get(from);
        });
    for (int axis = 0; axis < rank; axis++) {
      int expected = 0;
      for (int i = starts[axis]; i < ends[axis]; i += steps[axis]) expected++;
      assertEquals(expected, y.shape().extent(axis));
    }
    Tensor s = Tensor.of(y.shape(), Samples.integers(random, y.shape().size()));
    Tensor back = Structure.sliceReverse(engine, s, shape, starts, ends, steps);
    assertEquals(shape, back.shape());
    assertElements(
        back,
        index -> {
          int[] from = new int[rank];
          for (int i = 0; i < rank; i++) {
            from[i] = (index[i] - starts[i]) / steps[i];
            if (index[i] < starts[i] || index[i] >= ends[i]) return 0;
            if ((index[i] - starts[i]) % steps[i] != 0) return 0;
          }
          return s.get(from);
        });
  }

  @Property(tries = 300, seed = "123")
  void padAddsABorderOrCutsOff(
      @ForAll @IntRange(min = 1, max = 5) int rank,
      @ForAll @IntRange(min = -1, max = 1) int value,
      @ForAll int seed) {
    var random = new Random(seed);
    Shape shape = Shape.of(extents(random, rank));
    int[] before = new int[rank];
    int[] after = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      before[axis] = random.nextInt(-shape.extent(axis), axis == 1 ? 20 : 4);
      after[axis] =
          random.nextInt(-Math.min(shape.extent(axis), shape.extent(axis) + before[axis]), 4);
    }
    Tensor x = Tensor.of(shape, Samples.integers(random, shape.size()));
    Tensor y = Structure.pad(engine, x, before, after, value);
    for (int axis = 0; axis < rank; axis++) {
      assertEquals(shape.extent(axis) + before[axis] + after[axis], y.shape().extent(axis));
    }
    assertElements(
        y,
        index -> {
          int[] from = new int[rank];
          for (int i = 0; i < rank; i++) {
            from[i] = index[i] - before[i];
            if (from[i] < 0 || from[i] >= shape.extent(i)) return value;
          }
          return x.get(from);
        });
  }

  @Property(tries = 200, seed = "124")
  void transposeReordersAxes(@ForAll @IntRange(max = 5) int rank, @ForAll int seed) {
    var random = new Random(seed);
    Shape shape = Shape.of(extents(random, rank));
    List<Integer> order = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) order.add(axis);
    Collections.shuffle(order, random);
    int[] permutation = order.stream().mapToInt(Integer::intValue).toArray();
    Tensor x = Tensor.of(shape, Samples.integers(random, shape.size()));
    Tensor y = Structure.transpose(x, permutation);
    for (int axis = 0; axis < rank; axis++) {
      assertEquals(shape.extent(permutation[axis]), y.shape().extent(axis));
    }
    assertElements(
        y,
        index -> {
          int[] from = new int[rank];
          for (int i = 0; i < rank; i++) from[permutation[i]] = index[i];
          return x.get(from);
        });
  }

  @Test
  void everySecondPixelWithChannelsPaddedOnBothSides() {
    Tensor x = counting(1, 2, 4, 4);
    Tensor half =
        Structure.slice(engine, x, new int[4], new int[] {1, 2, 4, 4}, new int[] {1, 1, 2, 2});
    Tensor y = Structure.pad(engine, half, new int[] {0, 1, 0, 0}, new int[] {0, 1, 0, 0}, 0);
    assertValues(
        y, Shape.of(1, 4, 2, 2), new float[] {0, 0, 0, 0, 1, 3, 9, 11, 17, 19, 25, 27, 0, 0, 0, 0});
  }

  @Test
  void everySecondPixelOfWholeBlocks() {
    Tensor x = counting(1, 32, 3, 5);
    int[] ends = {1, 32, 3, 5};
    int[] steps = {1, 1, 2, 2};
    Tensor y = Structure.slice(engine, x, new int[4], ends, steps);
    assertEquals(Shape.of(1, 32, 2, 3), y.shape());
    assertElements(y, index -> x.get(0, index[1], index[2] * 2, index[3] * 2));
    Tensor back = Structure.sliceReverse(engine, y, x.shape(), new int[4], ends, steps);
    assertElements(back, index -> index[2] % 2 == 0 && index[3] % 2 == 0 ? x.get(index) : 0);
  }

  @Test
  void threadsDoNotChangeTheBits() {
    Shape shape = Shape.of(2, 37, 31, 33);
    Tensor x = Tensor.of(shape, Samples.gaussians(new Random(125), shape.size()));
    int[] starts = {0, 3, 1, 2};
    int[] ends = {2, 36, 31, 30};
    int[] steps = {1, 1, 2, 1};
    Tensor joined = Structure.concat(engine, List.of(x, x), 1);
    Tensor part = Structure.slice(engine, x, starts, ends, steps);
    Tensor back = Structure.sliceReverse(engine, part, shape, starts, ends, steps);
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(joined.data, Structure.concat(other, List.of(x, x), 1).data);
          assertArrayEquals(part.data, Structure.slice(other, x, starts, ends, steps).data);
          assertArrayEquals(
              back.data, Structure.sliceReverse(other, part, shape, starts, ends, steps).data);
        });
  }

  @Test
  void mismatchesAreNamed() {
    Tensor x = counting(1, 2, 3);
    assertRefused("concat: no input", () -> Structure.concat(engine, List.of(), 0));
    assertRefused(
        "concat: axis 3 of input [1, 2, 3]", () -> Structure.concat(engine, List.of(x), 3));
    assertRefused(
        "concat: inputs are [1, 2, 3] and [1, 2, 4], expected the same but for axis 1",
        () -> Structure.concat(engine, List.of(x, counting(1, 2, 4)), 1));
    assertRefused(
        "slice: 0:4:1 of axis 2 of [1, 2, 3]",
        () -> Structure.slice(engine, x, new int[3], new int[] {1, 2, 4}, new int[] {1, 1, 1}));
    assertRefused(
        "slice: 0:1:0 of axis 0 of [1, 2, 3]",
        () -> Structure.slice(engine, x, new int[3], new int[] {1, 2, 3}, new int[3]));
    assertRefused(
        "slice: input is [1, 2, 3] but 2 axes are given",
        () -> Structure.slice(engine, x, new int[2], new int[2], new int[2]));
    assertRefused(
        "transpose: input is [1, 2, 3] but the permutation is []",
        () -> Structure.transposeShape(x.shape(), new int[0]));
    assertRefused(
        "transpose: input is [1, 2, 3] but the permutation is [2, 0, 0]",
        () -> Structure.transposeShape(x.shape(), new int[] {2, 0, 0}));
    assertRefused(
        "pad: input is [1, 2, 3] but 1 axes are given",
        () -> Structure.pad(engine, x, new int[1], new int[1], 0));
    assertRefused(
        "shape [1, 2, -1] has a negative extent",
        () -> Structure.pad(engine, x, new int[] {0, 0, -4}, new int[3], 0));
    assertRefused(
        "transpose: input is [1, 2, 3] but the permutation is [0, 1, 1]",
        () -> Structure.transpose(x, new int[] {0, 1, 1}));
    assertRefused(
        "transpose: input is [1, 2, 3] but the permutation is [1, 0]",
        () -> Structure.transpose(x, new int[] {1, 0}));
  }
}
