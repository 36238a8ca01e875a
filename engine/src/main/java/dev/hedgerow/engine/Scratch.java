package dev.hedgerow.engine;

import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import it.unimi.dsi.fastutil.ints.Int2ObjectLinkedOpenHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that operations work in and give back, so that a warm network allocates none: those of
 * workspaces, whose lengths are rounded up to powers of two after {@code ORIGIN}, and those of
 * tensors and of large workspaces, which have the length that was asked for, and of which no more
 * than {@value #MOST_KEPT} floats are kept. Their contents are whatever was left in them.
 *
 * <p>To write what another core has written or read takes several times as long. So a thread that
 * asks for a workspace gets one from its shelf, which few other threads share, and of another's
 * only where that has none: hardly more are made than are in use at once.
 */
final class Scratch {
  /**
   * Most floats of free tensors that are kept. What is beyond that is dropped, beginning with the
   * length that nobody has asked for since the others.
   */
  private static final long MOST_KEPT = 128_000_000;

  /** Most floats of a workspace that is rounded up, and kept on a shelf. */
  static final int LARGEST_ON_SHELVES = 1 << 22;

  /** So many that hardly two threads at work share one. */
  private static final int SHELVES = 64;

  /** Free workspaces of some threads, the last one that came back at the end. */
  private static final class Shelf {
    private final ArrayList<float[]> arrays = new ArrayList<>();

    /** Returns the last one of a length, which the caches may hold yet; null if there is none. */
    synchronized float @Nullable [] poll(int length) {
      for (int i = arrays.size() - 1; i >= 0; i--) {
        if (arrays.get(i).length == length) return arrays.remove(i);
      }
      return null;
    }

    synchronized void push(float[] array) {
      arrays.add(array);
    }
  }

  private final long mostKept;

  /** By the number of the thread that gave a workspace back. */
  private final List<Shelf> shelves = Stream.generate(Shelf::new).limit(SHELVES).toList();

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
    int whole = Math.addExact(ORIGIN, rounded(length));
    if (length > LARGEST_ON_SHELVES) return takeTensor(whole);
    float @Nullable [] known = freeWorkspace(whole);
    float[] array = known != null ? known : new float[whole];
    assert spoil(array);
    return array;
  }

  private float @Nullable [] freeWorkspace(int length) {
    int own = shelf(Thread.currentThread());
    for (int i = 0; i < SHELVES; i++) {
      float @Nullable [] array = shelves.get((own + i) % SHELVES).poll(length);
      if (array != null) return array;
    }
    return null;
  }

  /** Takes back an array that {@link #take} returned. */
  void give(float[] array) {
    if (array.length - ORIGIN > LARGEST_ON_SHELVES) {
      giveTensor(array);
    } else {
      shelves.get(shelf(Thread.currentThread())).push(array);
    }
  }

  /** Returns the number of a thread's shelf; those of successive threads are not side by side. */
  static int shelf(Thread thread) {
    return (int) (thread.threadId() * 5 % SHELVES);
  }

  /** Returns an array of {@code length} floats. */
  float[] takeTensor(int length) {
    float @Nullable [] known = freeTensor(length);
    float[] array = known != null ? known : new float[length];
    assert spoil(array);
    return array;
  }

  private float @Nullable [] freeTensor(int length) {
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
      assert !pile.contains(array) : "given back twice";
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

  /** Returns the length of a workspace, after {@code ORIGIN}, that is asked for with a length. */
  static int rounded(int length) {
    return length > LARGEST_ON_SHELVES ? length : 1 << size(length);
  }

  private static int size(int length) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(length, 1) - 1);
  }
}
