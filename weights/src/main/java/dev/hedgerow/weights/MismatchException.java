package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The tensors of a file are not those of the model it was opened for. The message is one line,
 * {@link Mismatch#toString}; {@link Binding#compare} returns all differences.
 */
public final class MismatchException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the error.
   *
   * @param file the file of weights
   * @param mismatch the differences; not empty
   */
  public MismatchException(Path file, Mismatch mismatch) {
    super(mismatch + " in " + file);
  }
}
