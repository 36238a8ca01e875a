package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What operations run on: kernels and threads.
 *
 * <p>What a sum is made of, and in which order, follows from an image alone, not from its batch,
 * and no two tasks write the same element, so results are the same bits for any number of threads.
 * An engine keeps nothing between operations but memory to work in, and may be shared.
 */
public final class Engine {
  /**
   * Multiplications of a large convolution: some 2 ms of two threads. At 224×224, VGG-16 has
   * twelve, networks with bottlenecks none.
   */
  private static final long LARGE = 400_000_000;

  /** Which convolutions are computed with fewer multiplications. */
  private enum Shortcuts {
    ALL,
    LARGE,
    NONE
  }

  private final Kernels kernels;
  private final @Nullable Team team;
  private final Shortcuts shortcuts;
  private final Scratch scratch;

  /** What the tensors made on this engine are stored in, where they end together. */
  private final @Nullable Set<float[]> lent;

  Engine(Kernels kernels, @Nullable ForkJoinPool pool) {
    this(kernels, pool == null ? null : new Team(pool), Shortcuts.ALL, new Scratch(), null);
  }

  private Engine(
      Kernels kernels,
      @Nullable Team team,
      Shortcuts shortcuts,
      Scratch scratch,
      @Nullable Set<float[]> lent) {
    this.kernels = kernels;
    this.team = team;
    this.shortcuts = shortcuts;
    this.scratch = scratch;
    this.lent = lent;
  }

  /** Returns an engine with this machine's best kernels that works on the calling thread alone. */
  public static Engine sequential() {
    return new Engine(Kernels.best(), null);
  }

  /**
   * Returns an engine with this machine's best kernels.
   *
   * @param pool lends its parallelism less one threads to each operation, beside the caller's own.
   *     The engine does not shut it down; once somebody has, operations of several tasks throw
   *     {@link IllegalStateException}
   */
  public static Engine parallel(ForkJoinPool pool) {
    return new Engine(Kernels.best(), pool);
  }

  /** Returns an exact engine with the scalar reference kernels, on the calling thread alone. */
  public static Engine reference() {
    return new Engine(ScalarKernels.INSTANCE, null).exact();
  }

  /**
   * Returns an engine with the same kernels and threads that computes every sum as it is written.
   * An engine that is not exact may compute with fewer multiplications: convolutions of 3×3 by
   * Winograd's algorithm, whose rounding errors are relative to the largest value near an output
   * instead of to the output itself.
   */
  public Engine exact() {
    return with(Shortcuts.NONE);
  }

  /** Returns whether every sum is computed as it is written; see {@link #exact}. */
  public boolean isExact() {
    return shortcuts == Shortcuts.NONE;
  }

  /**
   * Returns an engine like this one for activations that are explained. It is exact but for large
   * convolutions, which would take a good part of an explanation. A method that follows the winners
   * of max pools has to have the right ones: where values tie or nearly do, the last bit decides.
   * Outputs of large ones that read the same, two rows and columns away at most, are the same, but
   * where something is added or they are pooled.
   *
   * @see #exact
   */
  public Engine forRecordings() {
    return isExact() ? this : with(Shortcuts.LARGE);
  }

  /** Whether this was made by {@link #forRecordings}, of an engine that is not exact. */
  boolean isForRecordings() {
    return shortcuts == Shortcuts.LARGE;
  }

  private Engine with(Shortcuts shortcuts) {
    return shortcuts == this.shortcuts ? this : new Engine(kernels, team, shortcuts, scratch, lent);
  }

  /**
   * Whether a convolution of so many multiplications an image may be computed with fewer. The batch
   * does not count: what becomes of an image does not depend on its company.
   */
  boolean isFast(long multiplications) {
    return shortcuts == Shortcuts.ALL || shortcuts == Shortcuts.LARGE && multiplications >= LARGE;
  }

  /** Returns how many threads work on an operation, the caller's included. */
  public int threads() {
    return team == null ? 1 : team.threads();
  }

  /**
   * Returns the name of the kernels: {@code scalar}, {@code vector-128}, {@code vector-256}, {@code
   * vector-512}.
   */
  public String kernelName() {
    return kernels.name();
  }

  /** Tensors that end together; see {@link Engine#lease}. */
  public static final class Lease implements AutoCloseable {
    private final Engine engine;

    private Lease(Engine engine) {
      this.engine = engine;
    }

    /** Returns the engine to work on. */
    public Engine engine() {
      return engine;
    }

    /** Ends all tensors that were made on the engine: they may not be used any more. */
    @Override
    public void close() {
      Set<float[]> lent = Objects.requireNonNull(engine.lent);
      synchronized (lent) {
        lent.forEach(engine.scratch::giveTensor);
        lent.clear();
      }
    }
  }

  /**
   * Returns an engine like this one for work after which no tensor is kept, such as one explanation
   * whose map has been written: later work needs no new memory then.
   */
  public Lease lease() {
    Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    return new Lease(
        new Engine(kernels, team, shortcuts, scratch, Collections.synchronizedSet(arrays)));
  }

  /**
   * Lends the storage of a tensor to later operations, which then need not clear new memory.
   *
   * @param tensor made on this engine; neither it nor another that shares its storage may be used
   *     afterwards
   */
  public void recycle(Tensor tensor) {
    if (lent == null || lent.remove(tensor.data)) scratch.giveTensor(tensor.data);
  }

  /** Returns a tensor to be written to, whose elements are anything at first. */
  Tensor tensor(Shape shape) {
    float[] data = scratch.takeTensor(Tensor.storageSize(shape));
    if (lent != null) lent.add(data);
    return new Tensor(shape, data);
  }

  /** Returns a tensor of zeros to be written to. */
  Tensor zeros(Shape shape) {
    Tensor tensor = tensor(shape);
    Arrays.fill(tensor.data, 0f);
    return tensor;
  }

  Kernels kernels() {
    return kernels;
  }

  Scratch scratch() {
    return scratch;
  }

  /** Returns a number of tasks, no less than the given one, that threads share equally. */
  int shared(int tasks) {
    return Math.ceilDiv(tasks, threads()) * threads();
  }

  /**
   * Runs {@code body} once for each task number below {@code tasks}, in any order and on any thread
   * of the engine; returns when all are done.
   */
  void forEach(int tasks, IntConsumer body) {
    Worker worker = body::accept;
    forEach(tasks, () -> worker);
  }

  /** What is done with the elements from one to another; chunks are numbered in order. */
  @FunctionalInterface
  interface Chunk {
    void run(int number, int from, int to);
  }

  /** Runs {@code body} for the elements below {@code length}, in chunks of {@code chunk}. */
  void forEachChunk(int length, int chunk, Chunk body) {
    forEach(
        Math.ceilDiv(length, chunk),
        task -> {
          int from = task * chunk;
          body.run(task, from, from + Math.min(chunk, length - from));
        });
  }

  /** Does tasks of a thread one after the other, with what several of them need. */
  @FunctionalInterface
  interface Worker {
    void run(int task);

    /** Ends once its thread has no more tasks, or one has failed. */
    default void end() {}
  }

  /**
   * Runs each task number below {@code tasks} once, in any order, on a worker of the thread that
   * takes it; returns when all workers have ended.
   *
   * @param workers asked once by each thread that gets a task
   */
  void forEach(int tasks, Supplier<? extends Worker> workers) {
    if (team == null) {
      Team.runAll(tasks, workers);
    } else {
      team.forEach(tasks, workers);
    }
  }
}
