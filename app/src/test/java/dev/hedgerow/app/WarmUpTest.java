package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  /** Against hanging: none of this takes a second. */
  private static final Duration LONG = Duration.ofMinutes(2);

  /** On its thread nobody would see it fail. */
  @Test
  void explains() {
    assertDoesNotThrow(WarmUp::run);
  }

  @Test
  void isWaitedForToItsEnd() {
    var ended = new AtomicBoolean();
    WarmUp warmUp =
        WarmUp.start(
            () -> {
              LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
              ended.set(true);
            });
    assertTimeoutPreemptively(LONG, warmUp::await);
    assertTrue(ended.get(), "did not wait");
  }

  @Test
  void nobodyWaitsForNone() {
    assertTimeoutPreemptively(LONG, () -> WarmUp.none().await());
  }

  @Test
  void oneThatFailsIsNotWaitedFor() {
    WarmUp warmUp =
        WarmUp.start(
            () -> {
              throw new IllegalStateException("no warmth");
            });
    assertTimeoutPreemptively(LONG, warmUp::await);
  }

  @Test
  void anInterruptEndsTheWaitingAndStaysSet() {
    var done = new CountDownLatch(1);
    WarmUp warmUp = WarmUp.start(() -> waitFor(done));
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
