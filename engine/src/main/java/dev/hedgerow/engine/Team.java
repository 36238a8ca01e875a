package dev.hedgerow.engine;

import dev.hedgerow.engine.Engine.Worker;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The threads of an engine: a caller, number 0, and helpers that a pool lends.
 *
 * <p>A network is some hundred operations of a fraction of a millisecond, and waking a thread takes
 * as long as the smallest of them. So a helper that has finished looks out for the next operation
 * for a moment before it goes back to the pool, and a caller for its helpers before it sleeps.
 *
 * <p>What a core has written lies in its own cache, from where others read it several times slower.
 * So each thread begins with its own part of the tasks, the same one in every operation, and helps
 * out with the others' only when it has ended that.
 */
final class Team {
  /** How long a thread looks out before it sleeps: longer than what lies between two operations. */
  private static final long PATIENCE = TimeUnit.MICROSECONDS.toNanos(500);

  private static final int AWAY = 0;
  private static final int PRESENT = 1;

  private final ForkJoinPool pool;

  /** What helpers may join. */
  private final AtomicReference<@Nullable Run> offered = new AtomicReference<>();

  /** For each thread, whether it looks at {@link #offered}, or will once the pool starts it. */
  private final AtomicIntegerArray helpers;

  Team(ForkJoinPool pool) {
    this.pool = pool;
    this.helpers = new AtomicIntegerArray(pool.getParallelism());
  }

  /** Returns how many threads there are, the caller's included. */
  int threads() {
    return helpers.length();
  }

  /** See {@link Engine#forEach(int, Supplier)}. */
  void forEach(int tasks, Supplier<? extends Worker> workers) {
    int threads = Math.min(threads(), tasks);
    if (threads <= 1) {
      runAll(tasks, workers);
      return;
    }
    if (pool.isShutdown()) throw shutDown(null);
    var run = new Run(tasks, threads, workers);
    offered.set(run);
    for (int thread = 1; thread < threads; thread++) {
      if (!helpers.compareAndSet(thread, AWAY, PRESENT)) continue;
      int helper = thread;
      try {
        pool.execute(() -> help(helper));
      } catch (RejectedExecutionException rejected) {
        helpers.set(thread, AWAY);
        run.fail(shutDown(rejected));
      }
    }
    run.work(0);
    run.await();
    // Nobody is to hold on to what the tasks refer to.
    offered.compareAndSet(run, null);
  }

  /** Runs all tasks on the calling thread. */
  static void runAll(int tasks, Supplier<? extends Worker> workers) {
    if (tasks == 0) return;
    Worker worker = workers.get();
    try {
      for (int task = 0; task < tasks; task++) worker.run(task);
    } finally {
      worker.end();
    }
  }

  private static IllegalStateException shutDown(@Nullable Throwable cause) {
    return new IllegalStateException("engine: the pool that lends it threads is shut down", cause);
  }

  private void help(int thread) {
    Run last = null;
    long end = System.nanoTime() + PATIENCE;
    while (true) {
      Run run = offered.get();
      if (run != null && run != last) {
        run.work(thread);
        last = run;
        end = System.nanoTime() + PATIENCE;
      } else if (System.nanoTime() - end < 0) {
        Thread.onSpinWait();
      } else {
        helpers.set(thread, AWAY);
        // A caller that counted on this helper has offered its run before.
        run = offered.get();
        if (run == null || run == last) return;
        if (!helpers.compareAndSet(thread, AWAY, PRESENT)) return;
      }
    }
  }

  /**
   * Tasks that several threads share. The caller waits for the tasks, not for its helpers: one that
   * a busy pool starts late finds nothing left to do.
   */
  private static final class Run {
    /** Longs from one part to the next, so that no two share a cache line, nor a pair of them. */
    private static final int STRIDE = 16;

    private final int threads;
    private final Supplier<? extends Worker> workers;

    /**
     * What nobody has taken of each thread's part, {@code end << 32 | begin}. The thread takes from
     * the beginning, others from the end.
     */
    private final AtomicLongArray parts;

    private final AtomicInteger open;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Run(int tasks, int threads, Supplier<? extends Worker> workers) {
      this.threads = threads;
      this.workers = workers;
      this.parts = new AtomicLongArray(threads * STRIDE);
      this.open = new AtomicInteger(tasks);
      for (long thread = 0; thread < threads; thread++) {
        long begin = tasks * thread / threads;
        long end = tasks * (thread + 1) / threads;
        parts.setPlain((int) thread * STRIDE, end << 32 | begin);
      }
    }

    /** Runs tasks until none is left. */
    void work(int thread) {
      Worker worker = null;
      int done = 0;
      for (int i = 0; i < threads; i++) {
        int part = (thread + i) % threads;
        for (int task; (task = i == 0 ? first(part) : last(part)) >= 0; done++) {
          if (failure.get() != null) continue;
          try {
            if (worker == null) worker = workers.get();
            worker.run(task);
          } catch (Throwable thrown) {
            fail(thrown);
          }
        }
      }
      try {
        if (worker != null) worker.end();
      } catch (Throwable thrown) {
        fail(thrown);
      }
      if (done > 0 && open.addAndGet(-done) == 0) ended.countDown();
    }

    /** Takes the first task that is left of a part; returns -1 if none is. */
    private int first(int part) {
      while (true) {
        long left = parts.get(part * STRIDE);
        int begin = (int) left;
        if (begin == left >>> 32) return -1;
        if (parts.compareAndSet(part * STRIDE, left, left + 1)) return begin;
      }
    }

    /** Takes the last task that is left of a part; returns -1 if none is. */
    private int last(int part) {
      while (true) {
        long left = parts.get(part * STRIDE);
        int end = (int) (left >>> 32);
        if ((int) left == end) return -1;
        if (parts.compareAndSet(part * STRIDE, left, left - (1L << 32))) return end - 1;
      }
    }

    /** Lets the tasks that have not begun be, and {@link #await} throw. */
    void fail(Throwable thrown) {
      failure.compareAndSet(null, thrown);
    }

    /** Waits until all tasks have ended, and throws what one of them threw. */
    void await() {
      long end = System.nanoTime() + PATIENCE;
      while (open.get() > 0 && System.nanoTime() - end < 0) Thread.onSpinWait();
      boolean interrupted = false;
      while (open.get() > 0) {
        try {
          ended.await();
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
