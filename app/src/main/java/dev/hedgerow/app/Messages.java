package dev.hedgerow.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What goes to the error stream: one line for each thing that went wrong.
 *
 * @param verbose whether an error's stack trace follows its line
 */
record Messages(PrintWriter stream, boolean verbose) {
  private static final String PROGRAM = "hedgerow: ";

  /** Reports why something could not be done. */
  void error(Throwable error) {
    report(line(error), error);
  }

  /** Reports why something could not be done with an image. */
  void error(Path image, Throwable error) {
    report(error instanceof Failure ? line(error) : image + ": " + line(error), error);
  }

  /** Reports a method that failed on an image. */
  void error(Path image, Explanation.Failed failed) {
    report(image + ": " + failed.label() + ": " + line(failed.error()), failed.error());
  }

  /** Reports how long a method took on an image, to those who want to know much. */
  void time(Path image, Explanation.Result result) {
    if (!verbose) return;
    stream.printf(
        Locale.ROOT, "%s%s: %s: %.0f ms%n", PROGRAM, image, result.label(), result.milliseconds());
    stream.flush();
  }

  private void report(String line, Throwable error) {
    stream.println(PROGRAM + line);
    if (verbose) error.printStackTrace(stream);
    stream.flush();
  }

  /** Reports what the user should know although it worked. */
  void warning(String message) {
    stream.println(PROGRAM + "warning: " + oneLine(message));
    stream.flush();
  }

  private String line(Throwable error) {
    boolean unexpected =
        !(error instanceof Failure
            || error instanceof UsageException
            || error instanceof OutOfMemoryError);
    return reason(error) + (unexpected && !verbose ? " (--verbose shows where)" : "");
  }

  /** Returns in one line why something could not be done. */
  static String reason(Throwable error) {
    if (error instanceof Failure || error instanceof UsageException) {
      return oneLine(String.valueOf(error.getMessage()));
    }
    if (error instanceof OutOfMemoryError) {
      long most = Runtime.getRuntime().maxMemory() >> 20;
      return "not enough memory: the heap ends at %d MiB; HEDGEROW_JAVA_OPTIONS=-Xmx%dm doubles it"
          .formatted(most, 2 * most);
    }
    return "internal error: " + UserFiles.reason(error);
  }

  private static String oneLine(String message) {
    return visible(message.strip().replaceAll("\\s*\\R\\s*", "; "));
  }

  /** Returns a name from a file or a path without the characters that would steer a terminal. */
  static String visible(String text) {
    return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
  }
}
