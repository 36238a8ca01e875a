package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class EngineTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void eachTaskRunsExactlyOnce() {
    for (int parallelism = 1; parallelism <= 5; parallelism++) {
      try (var pool = new ForkJoinPool(parallelism)) {
        Engine engine = Engine.parallel(pool);
        assertEquals(parallelism, engine.threads());
        for (int tasks : new int[] {0, 1, 2, 3, 7, 1000}) {
          var runs = new AtomicIntegerArray(tasks);
          engine.forEach(tasks, runs::incrementAndGet);
          for (int task = 0; task < tasks; task++) assertEquals(1, runs.get(task));
        }
      }
    }
  }

  @Test
  void theSequentialEngineStaysOnTheCallersThread() {
    assertEquals(1, Engine.sequential().threads());
    assertEquals("scalar", Engine.reference().kernelName());
    List<Integer> order = new ArrayList<>();
    Thread caller = Thread.currentThread();
    Engine.sequential()
        .forEach(
            4,
            task -> {
              assertSame(caller, Thread.currentThread());
              order.add(task);
            });
    assertEquals(List.of(0, 1, 2, 3), order);
  }

  @Test
  void theParallelEngineUsesItsThreadsAndTheCallers() {
    try (var pool = new ForkJoinPool(3)) {
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      // Three tasks that wait for each other end only if three threads run them.
      var meeting = new CountDownLatch(3);
      Assertions.assertTimeoutPreemptively(
          LIMIT,
          () ->
              Engine.parallel(pool)
                  .forEach(
                      3,
                      task -> {
                        threads.add(Thread.currentThread());
                        meeting.countDown();
                        try {
                          meeting.await();
                        } catch (InterruptedException interrupted) {
                          throw new IllegalStateException(interrupted);
                        }
                      }));
      assertEquals(3, threads.size());
    }
  }

  @Test
  void anExceptionReachesTheCaller() {
    for (int parallelism = 1; parallelism <= 4; parallelism++) {
      try (var pool = new ForkJoinPool(parallelism)) {
        Engine engine = Engine.parallel(pool);
        for (int failing : new int[] {0, 1, 57, 99}) {
          var thrown =
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      engine.forEach(
                          100,
                          task -> {
                            if (task == failing) throw new IllegalStateException("task " + task);
                          }));
          assertTrue(String.valueOf(thrown.getMessage()).endsWith("task " + failing));
        }
        var runs = new AtomicInteger();
        engine.forEach(10, task -> runs.incrementAndGet());
        assertEquals(10, runs.get(), "the engine works after a failure");
      }
    }
  }

  @Test
  void noTaskIsLeftRunningWhenTheCallersFails() {
    try (var pool = new ForkJoinPool(2)) {
      Thread caller = Thread.currentThread();
      var meeting = new CountDownLatch(2);
      var finished = new AtomicInteger();
      assertThrows(
          IllegalStateException.class,
          () ->
              Engine.parallel(pool)
                  .forEach(
                      2,
                      task -> {
                        meeting.countDown();
                        try {
                          meeting.await();
                          if (Thread.currentThread() == caller) throw new IllegalStateException();
                          Thread.sleep(50);
                        } catch (InterruptedException interrupted) {
                          throw new AssertionError(interrupted);
                        }
                        finished.incrementAndGet();
                      }));
      assertEquals(1, finished.get());
    }
  }

  /** A worker stays on its thread, and has ended before the caller goes on, whatever happened. */
  @Test
  void aThreadHasOneWorkerForItsTasks() {
    for (int parallelism = 1; parallelism <= 4; parallelism++) {
      for (int failing : new int[] {-1, 0, 57, 99}) {
        try (var pool = new ForkJoinPool(parallelism)) {
          var runs = new AtomicIntegerArray(100);
          Set<Thread> threads = ConcurrentHashMap.newKeySet();
          var open = new AtomicInteger();
          // Each thread waits with its first task for the others.
          var meeting = new CountDownLatch(parallelism);
          Thread caller = Thread.currentThread();
          class Counting implements Engine.Worker {
            private final Thread thread = Thread.currentThread();

            Counting() {
              assertTrue(threads.add(thread), "a second worker of a thread");
              open.incrementAndGet();
              meeting.countDown();
              uninterrupted(meeting::await);
            }

            @Override
            public void run(int task) {
              assertSame(thread, Thread.currentThread());
              runs.incrementAndGet(task);
              if (task == failing) throw new IllegalStateException("task " + task);
            }

            @Override
            public void end() {
              assertSame(thread, Thread.currentThread());
              if (thread != caller) uninterrupted(() -> Thread.sleep(20));
              open.decrementAndGet();
            }
          }
          Engine engine = Engine.parallel(pool);
          if (failing < 0) {
            engine.forEach(100, Counting::new);
            for (int task = 0; task < 100; task++) assertEquals(1, runs.get(task));
          } else {
            var thrown =
                assertThrows(IllegalStateException.class, () -> engine.forEach(100, Counting::new));
            assertEquals("task " + failing, thrown.getMessage());
          }
          assertEquals(0, open.get());
          assertEquals(parallelism, threads.size());
        }
      }
    }
    Engine.sequential()
        .forEach(
            0,
            () -> {
              throw new AssertionError("a worker without a task");
            });
  }

  @Test
  void whatWorkersThrowReachesTheCaller() {
    for (int parallelism = 1; parallelism <= 3; parallelism++) {
      try (var pool = new ForkJoinPool(parallelism)) {
        Engine engine = Engine.parallel(pool);
        Supplier<Engine.Worker> none =
            () -> {
              throw new IllegalStateException("none");
            };
        assertThrows(IllegalStateException.class, () -> engine.forEach(10, none));
        class Endless implements Engine.Worker {
          @Override
          public void run(int task) {}

          @Override
          public void end() {
            throw new IllegalStateException("endless");
          }
        }
        assertThrows(IllegalStateException.class, () -> engine.forEach(10, Endless::new));
      }
    }
  }

  @FunctionalInterface
  private interface Waiting {
    void await() throws InterruptedException;
  }

  private static void uninterrupted(Waiting waiting) {
    try {
      waiting.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  @Test
  void operationsMayNest() {
    for (int parallelism = 1; parallelism <= 4; parallelism++) {
      try (var pool = new ForkJoinPool(parallelism)) {
        Engine engine = Engine.parallel(pool);
        var runs = new AtomicIntegerArray(20 * 30);
        Assertions.assertTimeoutPreemptively(
            LIMIT,
            () ->
                engine.forEach(
                    20,
                    outer ->
                        engine.forEach(30, inner -> runs.incrementAndGet(outer * 30 + inner))));
        for (int i = 0; i < runs.length(); i++) assertEquals(1, runs.get(i));
      }
    }
  }

  @Test
  void callersMayShareAnEngineAndBeThePoolsOwnThreads() {
    try (var pool = new ForkJoinPool(2)) {
      Engine engine = Engine.parallel(pool);
      var runs = new AtomicIntegerArray(8 * 50);
      Assertions.assertTimeoutPreemptively(
          LIMIT,
          () -> {
            var callers =
                IntStream.range(0, 8)
                    .mapToObj(
                        caller ->
                            pool.submit(
                                () ->
                                    engine.forEach(
                                        50, task -> runs.incrementAndGet(caller * 50 + task))))
                    .toList();
            for (var caller : callers) caller.get();
          });
      for (int i = 0; i < runs.length(); i++) assertEquals(1, runs.get(i));
    }
  }

  @Test
  void aBusyPoolDoesNotDelayTheCaller() {
    var release = new CountDownLatch(1);
    try (var pool = new ForkJoinPool(2)) {
      for (int i = 0; i < 2; i++) pool.execute(() -> awaitQuietly(release));
      var done = new AtomicInteger();
      Engine engine = Engine.parallel(pool);
      assertTimeoutPreemptively(
          Duration.ofSeconds(30), () -> engine.forEach(8, task -> done.incrementAndGet()));
      assertEquals(8, done.get());
      release.countDown();
    }
  }

  @Test
  void aPoolThatIsShutDownIsAnError() {
    for (boolean now : new boolean[] {false, true}) {
      var pool = new ForkJoinPool(3);
      Engine engine = Engine.parallel(pool);
      var runs = new AtomicInteger();
      engine.forEach(10, task -> runs.incrementAndGet());
      if (now) pool.shutdownNow();
      else pool.shutdown();
      for (int i = 0; i < 4; i++) {
        var thrown =
            assertThrows(
                IllegalStateException.class,
                () -> engine.forEach(10, task -> runs.incrementAndGet()));
        assertEquals("engine: the pool that lends it threads is shut down", thrown.getMessage());
      }
      assertEquals(10, runs.get());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
