package dev.hedgerow.app;

/**
 * Something that could not be done, for reasons outside the program. The message is the one line
 * that the user reads: where, what is wrong, what was expected.
 */
final class Failure extends Exception {
  private static final long serialVersionUID = 1;

  Failure(String message) {
    super(message);
  }

  Failure(String message, Throwable cause) {
    super(message, cause);
  }
}
