package dev.hedgerow.app;

/** A line on the terminal that says how much of a file has come. */
final class DownloadProgress {
  private static final long MEGABYTE = 1_000_000;

  private final StatusLine line;

  DownloadProgress(StatusLine line) {
    this.line = line;
  }

  /**
   * Shows how much of a file has come.
   *
   * @param total negative where it is not known
   */
  void show(String name, long bytes, long total) {
    String share =
        total > 0 ? " of %d MB, %d%%".formatted(total / MEGABYTE, 100 * bytes / total) : " MB";
    String text = name + "  " + bytes / MEGABYTE + share;
    if (bytes == total) {
      line.show(text);
    } else {
      line.update(text);
    }
  }

  /** Removes the line, so that other output can be printed. */
  void clear() {
    line.clear();
  }
}
