package dev.hedgerow.engine;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Arrays that operations work in and give back, so that a warm network allocates none. Their
 * contents are whatever was left in them. Lengths are rounded up to powers of two.
 */
final class Scratch {
  private final Queue<float[]>[] free;

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

  private static int size(int length) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(length, 1) - 1);
  }
}
