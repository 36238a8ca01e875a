package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What operations run on: kernels and threads.
 *
 * <p>Work is split by the shape of the data, never by the number of threads, and no two tasks write
 * the same element, so results are the same bits for any number of threads. An engine keeps nothing
 * between operations but memory to work in, and may be shared.
 */
public final class Engine {
  private final Kernels kernels;
  private final @Nullable ForkJoinPool pool;
  private final boolean exact;
  private final Scratch scratch;

  Engine(Kernels kernels, @Nullable ForkJoinPool pool) {
    this(kernels, pool, false, new Scratch());
  }

  private Engine(Kernels kernels, @Nullable ForkJoinPool pool, boolean exact, Scratch scratch) {
    this.kernels = kernels;
    this.pool = pool;
    this.exact = exact;
    this.scratch = scratch;
  }

  /** Returns an engine with this machine's best kernels that works on the calling thread alone. */
  public static Engine sequential() {
    return new Engine(Kernels.best(), null);
  }

  /**
   * Returns an engine with this machine's best kernels.
   *
   * @param pool lends its parallelism less one threads to each operation, beside the caller's own;
   *     not shut down
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
    return exact ? this : new Engine(kernels, pool, true, scratch);
  }

  /** Returns whether every sum is computed as it is written; see {@link #exact}. */
  public boolean isExact() {
    return exact;
  }

  /** Returns how many threads work on an operation, the caller's included. */
  public int threads() {
    return pool == null ? 1 : pool.getParallelism();
  }

  /**
   * Returns the name of the kernels: {@code scalar}, {@code vector-128}, {@code vector-256}, {@code
   * vector-512}.
   */
  public String kernelName() {
    return kernels.name();
  }

  Kernels kernels() {
    return kernels;
  }

  Scratch scratch() {
    return scratch;
  }

  /**
   * Runs {@code body} once for each task number below {@code tasks}, in any order and on any thread
   * of the engine; returns when all are done.
   */
  void forEach(int tasks, IntConsumer body) {
    int helpers = pool == null ? 0 : Math.min(pool.getParallelism(), tasks) - 1;
    if (pool == null || helpers <= 0) {
      for (int task = 0; task < tasks; task++) body.accept(task);
      return;
    }
    var run = new Run(tasks, body);
    for (int i = 0; i < helpers; i++) pool.execute(run);
    run.run();
    run.await();
  }

  /**
   * Tasks that several threads take from. The caller waits for the tasks, not for its helpers: one
   * that a busy pool starts late finds nothing left to do.
   */
  private static final class Run implements Runnable {
    private final int tasks;
    private final IntConsumer body;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final CountDownLatch open;

    Run(int tasks, IntConsumer body) {
      this.tasks = tasks;
      this.body = body;
      this.open = new CountDownLatch(tasks);
    }

    @Override
    public void run() {
      for (int task; (task = next.getAndIncrement()) < tasks; ) {
        try {
          if (failure.get() == null) body.accept(task);
        } catch (Throwable thrown) {
          failure.compareAndSet(null, thrown);
        } finally {
          open.countDown();
        }
      }
    }

    void await() {
      boolean interrupted = false;
      while (true) {
        try {
          open.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) Thread.currentThread().interrupt();
      switch (failure.get()) {
        case null -> {}
        case RuntimeException thrown -> throw thrown;
        case Error thrown -> throw thrown;
        case Throwable thrown -> throw new IllegalStateException(thrown);
      }
    }
  }
}
