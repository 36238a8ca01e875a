package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class ScratchTest {
  private static final int MOST_KEPT = 1_000_000;

  private final Scratch scratch = new Scratch(MOST_KEPT);

  private final Set<float[]> known = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Takes arrays and gives all of them back; returns how many floats were allocated for that. */
  private long run(int... lengths) {
    float[][] arrays = new float[lengths.length][];
    long allocated = 0;
    for (int i = 0; i < lengths.length; i++) {
      arrays[i] = scratch.takeTensor(lengths[i]);
      assertEquals(lengths[i], arrays[i].length);
      if (known.add(arrays[i])) allocated += lengths[i];
    }
    for (float[] array : arrays) scratch.giveTensor(array);
    return allocated;
  }

  private static int[] batch(int samples) {
    return new int[] {samples * 40_000, samples * 20_000, samples * 20_000, samples * 10_000};
  }

  /** As of one network that is run on one batch size after the other. */
  @Test
  void lengthsThatNobodyAsksForMakeRoomForNewOnes() {
    for (int samples = 1; samples <= 9; samples++) {
      run(batch(samples));
      assertEquals(0, run(batch(samples)), "batch " + samples);
    }
  }

  @Test
  void whatWasAskedForLastIsKept() {
    run(400_000, 300_000);
    run(300_000);
    run(200_000, 200_000);
    assertEquals(0, run(300_000), "asked for after 400,000");
    assertEquals(0, run(200_000, 200_000), "asked for last");
    assertEquals(400_000, run(400_000), "asked for longest ago");
  }

  /** A lease of more than is kept ends: what of it is kept serves the next one. */
  @Test
  void workOfMoreThanIsKeptFindsWhatIs() {
    int[] lengths = {500_000, 400_000, 300_000, 200_000};
    assertEquals(1_400_000, run(lengths));
    for (int run = 0; run < 5; run++) assertEquals(500_000, run(lengths));
  }

  @Test
  void noMoreThanTheMostIsKept() {
    int[] eleven = new int[11];
    Arrays.fill(eleven, 100_000);
    run(eleven);
    assertEquals(100_000, run(eleven));
    assertEquals(MOST_KEPT + 1, run(MOST_KEPT + 1));
    assertEquals(MOST_KEPT + 1, run(MOST_KEPT + 1));
    assertEquals(100_000, run(eleven), "nothing dropped for what is too long");
    run(MOST_KEPT);
    assertEquals(0, run(MOST_KEPT));
  }

  @Test
  void workspacesAreLentAgain() {
    float[] array = scratch.take(1000);
    assertEquals(Kernels.ORIGIN + 1024, array.length);
    assertNotSame(array, scratch.take(1000));
    scratch.give(array);
    assertSame(array, scratch.take(1024));
  }

  /** What a thread gave back is in its core's cache. */
  @Test
  void threadsAreLentTheirOwnWorkspacesAgain() throws Exception {
    try (ExecutorService other = threadOfAnotherShelf()) {
      float[] own = scratch.take(10);
      float[] others = other.submit(() -> scratch.take(10)).get();
      other.submit(() -> scratch.give(others)).get();
      scratch.give(own);
      assertSame(others, other.submit(() -> scratch.take(10)).get());
      assertSame(own, scratch.take(10));
      scratch.give(own);
      other.submit(() -> scratch.give(others)).get();
      assertSame(own, scratch.take(10));
    }
  }

  @Test
  void workspacesThatAnotherThreadLeftAreLentBeforeAnyIsMade() throws Exception {
    try (ExecutorService other = threadOfAnotherShelf()) {
      float[] array = scratch.take(10);
      other.submit(() -> scratch.give(array)).get();
      assertSame(array, scratch.take(10));
      assertNotSame(array, scratch.take(10));
    }
  }

  private static ExecutorService threadOfAnotherShelf() {
    int own = Scratch.shelf(Thread.currentThread());
    return Executors.newSingleThreadExecutor(
        work -> {
          Thread thread = new Thread(work);
          while (Scratch.shelf(thread) == own) thread = new Thread(work);
          return thread;
        });
  }

  @Test
  void smallWorkspacesAreRoundedUp() {
    assertEquals(1, Scratch.rounded(0));
    assertEquals(1, Scratch.rounded(1));
    assertEquals(4, Scratch.rounded(3));
    int largest = Scratch.LARGEST_ON_SHELVES;
    assertEquals(largest, Scratch.rounded(largest - 1));
    assertEquals(largest, Scratch.rounded(largest));
    assertEquals(largest + 1, Scratch.rounded(largest + 1));
    assertEquals(Integer.MAX_VALUE, Scratch.rounded(Integer.MAX_VALUE));
  }

  /** Large workspaces are among the tensors of which so many are kept. */
  @Test
  void largeWorkspacesAreKeptAsTensorsAre() {
    int length = Scratch.LARGEST_ON_SHELVES + 1;
    float[] beyond = scratch.take(length);
    assertEquals(Kernels.ORIGIN + length, beyond.length);
    scratch.give(beyond);
    assertNotSame(beyond, scratch.take(length), "more than is kept");
    var roomy = new Scratch(3L * length);
    float[] kept = roomy.take(length);
    roomy.give(kept);
    assertSame(kept, roomy.take(length));
  }

  @Test
  void whatIsGivenBackTwiceIsNoticed() {
    float[] array = scratch.takeTensor(100);
    scratch.giveTensor(array);
    assertThrows(AssertionError.class, () -> scratch.giveTensor(array));
  }
}
