package dev.hedgerow.engine;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The threads of an engine: a caller, and helpers that a pool lends.
 *
 * <p>A network is some hundred operations of a fraction of a millisecond, and waking a thread takes
 * as long as the smallest of them. So a helper that has finished looks out for the next operation
 * for a moment before it goes back to the pool, and a caller for its helpers before it sleeps.
 */
final class Team {
  /** How long a thread looks out before it sleeps: longer than what lies between two operations. */
  private static final long PATIENCE = TimeUnit.MICROSECONDS.toNanos(200);

  private final ForkJoinPool pool;

  /** What helpers that are free may join. */
  private final AtomicReference<@Nullable Run> offered = new AtomicReference<>();

  /** Helpers that look at {@link #offered}, or will as soon as the pool starts them. */
  private final AtomicInteger free = new AtomicInteger();

  Team(ForkJoinPool pool) {
    this.pool = pool;
  }

  /** Returns how many threads there are, the caller's included. */
  int threads() {
    return pool.getParallelism();
  }

  /** See {@link Engine#forEach}. */
  void forEach(int tasks, IntConsumer body) {
    int helpers = Math.min(threads(), tasks) - 1;
    if (helpers <= 0) {
      for (int task = 0; task < tasks; task++) body.accept(task);
      return;
    }
    if (pool.isShutdown()) throw shutDown(null);
    var run = new Run(tasks, body);
    offered.set(run);
    for (int missing = helpers - free.get(); missing > 0; missing--) {
      free.incrementAndGet();
      try {
        pool.execute(this::help);
      } catch (RejectedExecutionException rejected) {
        free.decrementAndGet();
        run.fail(shutDown(rejected));
      }
    }
    run.take();
    run.await();
    // Nobody is to hold on to what the tasks refer to.
    offered.compareAndSet(run, null);
  }

  private static IllegalStateException shutDown(@Nullable Throwable cause) {
    return new IllegalStateException("engine: the pool that lends it threads is shut down", cause);
  }

  private void help() {
    Run last = null;
    long end = System.nanoTime() + PATIENCE;
    while (true) {
      Run run = offered.get();
      if (run != null && run != last) {
        free.decrementAndGet();
        run.take();
        free.incrementAndGet();
        last = run;
        end = System.nanoTime() + PATIENCE;
      } else if (System.nanoTime() - end < 0) {
        Thread.onSpinWait();
      } else {
        free.decrementAndGet();
        // A caller that counted on this helper has offered its run before.
        if (offered.get() == last || offered.get() == null) return;
        free.incrementAndGet();
      }
    }
  }

  /**
   * Tasks that several threads take from. The caller waits for the tasks, not for its helpers: one
   * that a busy pool starts late finds nothing left to do.
   */
  private static final class Run {
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

    /** Runs tasks until none is left. */
    void take() {
      for (int task; (task = next.getAndIncrement()) < tasks; ) {
        try {
          if (failure.get() == null) body.accept(task);
        } catch (Throwable thrown) {
          fail(thrown);
        } finally {
          open.countDown();
        }
      }
    }

    /** Lets the tasks that have not begun be, and {@link #await} throw. */
    void fail(Throwable thrown) {
      failure.compareAndSet(null, thrown);
    }

    /** Waits until all tasks have ended, and throws what one of them threw. */
    void await() {
      long end = System.nanoTime() + PATIENCE;
      while (open.getCount() > 0 && System.nanoTime() - end < 0) Thread.onSpinWait();
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
