package dev.hedgerow.app;

/** A line on the terminal that says how much of a file has come. */
final class DownloadProgress {
  private static final long NANOSECONDS_BETWEEN = 100_000_000;
  private static final long MEGABYTE = 1_000_000;

  private final StatusLine line;
  private long lastShown = System.nanoTime() - NANOSECONDS_BETWEEN;

  DownloadProgress(StatusLine line) {
    this.line = line;
  }

  /**
   * Shows how much of a file has come, ten times a second.
   *
   * @param total negative where it is not known
   */
  void show(String name, long bytes, long total) {
    long now = System.nanoTime();
    if (now - lastShown < NANOSECONDS_BETWEEN && bytes != total) return;
    lastShown = now;
    String share =
        total > 0 ? " of %d MB, %d%%".formatted(total / MEGABYTE, 100 * bytes / total) : " MB";
    line.show(name + "  " + bytes / MEGABYTE + share);
  }

  /** Removes the line, so that other output can be printed. */
  void clear() {
    line.clear();
  }
}
