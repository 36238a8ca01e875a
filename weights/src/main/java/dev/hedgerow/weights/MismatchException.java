package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The tensors of a file are not those of the model it was opened for. The message is one line,
 * {@link Mismatch#toString}, and the family that fits better, if there is one.
 */
public final class MismatchException extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Mismatch mismatch;

  /**
   * Creates the error.
   *
   * @param file the file of weights
   * @param mismatch the differences; not empty
   * @param nearest those from the family that fits best, if any does
   */
  public MismatchException(Path file, Mismatch mismatch, Optional<Mismatch> nearest) {
    super(mismatch + " in " + file + suggestion(mismatch, nearest));
    this.mismatch = mismatch;
  }

  /** Returns the differences, all of them. */
  public Mismatch mismatch() {
    return mismatch;
  }

  private static String suggestion(Mismatch mismatch, Optional<Mismatch> nearest) {
    if (nearest.isEmpty()) return "";
    Mismatch other = nearest.get();
    if (other.isEmpty()) return "; these are the weights of " + other.model();
    // One of another family is worth a hint only if it is clearly closer.
    return 2 * other.size() > mismatch.size()
        ? ""
        : "; nearest: " + other.model() + ", " + other.count();
  }
}
