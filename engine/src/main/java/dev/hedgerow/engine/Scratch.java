package dev.hedgerow.engine;

import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that operations work in and give back, so that a warm network allocates none: those of
 * workspaces, whose lengths are rounded up to powers of two, and those of tensors, which have the
 * length that was asked for. Their contents are whatever was left in them.
 */
final class Scratch {
  /** Most floats of tensors that are kept; what comes back beyond is garbage. */
  private static final long MOST_KEPT = 128_000_000;

  private final Queue<float[]>[] free;
  private final Map<Integer, Deque<float[]>> tensors = new ConcurrentHashMap<>();
  private final AtomicLong kept = new AtomicLong();

  @SuppressWarnings({"unchecked", "rawtypes"}) // An array of a generic type.
  Scratch() {
    free = new Queue[Integer.SIZE];
    for (int i = 0; i < free.length; i++) free[i] = new ConcurrentLinkedQueue<>();
  }

  /** Returns an array of at least {@code length} floats, to be given back. */
  float[] take(int length) {
    int size = size(length);
    float[] array = free[size].poll();
    return array != null ? array : new float[1 << size];
  }

  /** Takes back an array that {@link #take} returned. */
  void give(float[] array) {
    free[size(array.length)].add(array);
  }

  /** Returns an array of {@code length} floats; the last one that was given back, if any was. */
  float[] takeTensor(int length) {
    Deque<float[]> known = tensors.get(length);
    float @Nullable [] array = known == null ? null : known.pollFirst();
    if (array == null) array = new float[length];
    else kept.addAndGet(-length);
    assert spoil(array);
    return array;
  }

  /** Makes what reads an element before it is written to fail, where assertions are on. */
  private static boolean spoil(float[] array) {
    Arrays.fill(array, Float.NaN);
    return true;
  }

  /** Takes an array that nobody uses any more. */
  void giveTensor(float[] array) {
    if (array.length == 0 || kept.get() + array.length > MOST_KEPT) return;
    kept.addAndGet(array.length);
    tensors.computeIfAbsent(array.length, none -> new ConcurrentLinkedDeque<>()).addFirst(array);
  }

  private static int size(int length) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(length, 1) - 1);
  }
}
