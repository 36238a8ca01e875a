package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import org.junit.jupiter.api.Test;

class WarmUpTest {
  /** On its thread nobody would see it fail. */
  @Test
  void explains() {
    assertDoesNotThrow(WarmUp::run);
  }
}
