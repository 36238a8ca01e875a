package dev.hedgerow.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that operations work in and give back, so that a warm network allocates none: those of
 * workspaces, whose lengths are rounded up to powers of two, and those of tensors, which have the
 * length that was asked for. Their contents are whatever was left in them.
 */
final class Scratch {
  /** Most floats of tensors that are kept; what comes back beyond is garbage. */
  private static final long MOST_KEPT = 128_000_000;

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

  /** By the logarithm of the length. */
  private final List<Pile> workspaces = Stream.generate(Pile::new).limit(Integer.SIZE).toList();

  private final Map<Integer, Pile> tensors = new ConcurrentHashMap<>();
  private final AtomicLong kept = new AtomicLong();

  /** Returns an array of at least {@code length} floats, to be given back. */
  float[] take(int length) {
    int size = size(length);
    float[] array = workspaces.get(size).poll();
    return array != null ? array : new float[1 << size];
  }

  /** Takes back an array that {@link #take} returned. */
  void give(float[] array) {
    workspaces.get(size(array.length)).push(array);
  }

  /** Returns an array of {@code length} floats. */
  float[] takeTensor(int length) {
    Pile known = tensors.get(length);
    float @Nullable [] array = known == null ? null : known.poll();
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
    tensors.computeIfAbsent(array.length, none -> new Pile()).push(array);
  }

  private static int size(int length) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(length, 1) - 1);
  }
}
