package dev.hedgerow.engine;

import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import it.unimi.dsi.fastutil.ints.Int2ObjectLinkedOpenHashMap;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that operations work in and give back, so that a warm network allocates none: those of
 * workspaces, whose lengths are rounded up to powers of two after {@code ORIGIN}, and those of
 * tensors, which have the length that was asked for. Their contents are whatever was left in them.
 */
final class Scratch {
  /**
   * Most floats of tensors that are kept: of more, those whose length was not asked for longest.
   */
  private static final long MOST_KEPT = 128_000_000;

  /** The longest workspace that is kept; the next power of two is not an array's length. */
  private static final int LONGEST = 1 << 30;

  /** Free arrays of one length, the last one that came back on top: the caches may hold it yet. */
  private static final class Pile {
    private final ArrayDeque<float[]> arrays = new ArrayDeque<>();

    synchronized float @Nullable [] poll() {
      return arrays.pollFirst();
    }

    synchronized void push(float[] array) {
      arrays.addFirst(array);
    }
  }

  private final long mostKept;

  /** By the logarithm of the length. */
  private final List<Pile> workspaces = Stream.generate(Pile::new).limit(Integer.SIZE).toList();

  /**
   * Free arrays of tensors by their length, that which was asked for last at the end. Its monitor
   * guards it and {@link #kept}; nothing is allocated or filled meanwhile.
   */
  private final Int2ObjectLinkedOpenHashMap<ArrayDeque<float[]>> tensors =
      new Int2ObjectLinkedOpenHashMap<>();

  private long kept;

  Scratch() {
    this(MOST_KEPT);
  }

  /**
   * @param mostKept most floats of tensors that are kept
   */
  Scratch(long mostKept) {
    this.mostKept = mostKept;
  }

  /** Returns an array of at least {@code length} floats from ORIGIN on, to be given back. */
  float[] take(int length) {
    float @Nullable [] known = length > LONGEST ? null : workspaces.get(size(length)).poll();
    float[] array = known != null ? known : new float[Math.addExact(ORIGIN, rounded(length))];
    assert spoil(array);
    return array;
  }

  /** Takes back an array that {@link #take} returned. */
  void give(float[] array) {
    int length = array.length - ORIGIN;
    if (length <= LONGEST) workspaces.get(size(length)).push(array);
  }

  /** Returns an array of {@code length} floats. */
  float[] takeTensor(int length) {
    float @Nullable [] known = free(length);
    float[] array = known != null ? known : new float[length];
    assert spoil(array);
    return array;
  }

  private float @Nullable [] free(int length) {
    synchronized (tensors) {
      ArrayDeque<float[]> pile = tensors.getAndMoveToLast(length);
      float @Nullable [] array = pile == null ? null : pile.pollFirst();
      if (array != null) kept -= length;
      return array;
    }
  }

  /** Makes what reads an element before it is written to fail, where assertions are on. */
  private static boolean spoil(float[] array) {
    Arrays.fill(array, Float.NaN);
    return true;
  }

  /** Takes an array that nobody uses any more. */
  void giveTensor(float[] array) {
    int length = array.length;
    if (length == 0 || length > mostKept) return;
    synchronized (tensors) {
      ArrayDeque<float[]> pile = tensors.get(length);
      if (pile == null) {
        pile = new ArrayDeque<>();
        tensors.putAndMoveToLast(length, pile);
      }
      pile.addFirst(array);
      for (kept += length; kept > mostKept; ) drop();
    }
  }

  /** Drops an array of the length that was not asked for longest. */
  private void drop() {
    int length = tensors.firstIntKey();
    if (tensors.get(length).pollLast() == null) tensors.removeFirst();
    else kept -= length;
  }

  /** Returns how long a workspace is of which so many floats are needed. */
  static int rounded(int length) {
    return length > LONGEST ? length : 1 << size(length);
  }

  private static int size(int length) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(length, 1) - 1);
  }
}
