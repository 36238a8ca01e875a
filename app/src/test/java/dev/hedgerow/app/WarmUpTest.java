package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  /** Against hanging: none of this takes a second. */
  private static final Duration LONG = Duration.ofMinutes(2);

  /** On their threads nobody would see them fail. */
  @Test
  void explains() {
    assertDoesNotThrow(WarmUp::explainRows);
    assertDoesNotThrow(WarmUp::explainPlanes);
  }

  @Test
  void isWaitedForToTheEndOfEach() {
    assertWaits(20, 100);
    assertWaits(100, 20);
  }

  private static void assertWaits(int... milliseconds) {
    var ended = new AtomicInteger();
    Runnable[] tasks =
        IntStream.of(milliseconds)
            .<Runnable>mapToObj(time -> () -> end(ended, time))
            .toArray(Runnable[]::new);
    assertTimeoutPreemptively(LONG, WarmUp.running(tasks)::await);
    assertEquals(tasks.length, ended.get(), "did not wait");
  }

  private static void end(AtomicInteger ended, int milliseconds) {
    LockSupport.parkNanos(Duration.ofMillis(milliseconds).toNanos());
    ended.incrementAndGet();
  }

  @Test
  void nobodyWaitsForNone() {
    assertTimeoutPreemptively(LONG, () -> WarmUp.none().await());
  }

  @Test
  void oneThatFailsIsNotWaitedFor() {
    WarmUp warmUp =
        WarmUp.running(
            () -> {
              throw new IllegalStateException("no warmth");
            });
    assertTimeoutPreemptively(LONG, warmUp::await);
  }

  @Test
  void anInterruptEndsTheWaitingAndStaysSet() {
    var done = new CountDownLatch(1);
    WarmUp warmUp = WarmUp.running(() -> waitFor(done));
    boolean stayed =
        assertTimeoutPreemptively(
            LONG,
            () -> {
              Thread.currentThread().interrupt();
              warmUp.await();
              return Thread.interrupted();
            });
    done.countDown();
    assertTrue(stayed, "the interrupt was swallowed");
  }

  static void waitFor(CountDownLatch done) {
    try {
      done.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
