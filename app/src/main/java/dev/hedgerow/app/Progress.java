package dev.hedgerow.app;

import java.io.PrintWriter;

/** A line on the terminal that says how far the work is. */
final class Progress {
  /** Set by the launcher: a shell can tell whether the error stream is a terminal, Java cannot. */
  private static final String TERMINAL_PROPERTY = "hedgerow.terminal";

  private static final int WIDTH = 60;

  private final PrintWriter terminal;
  private final int images;
  private final boolean shown;
  private boolean dirty;
  private long lastShown;

  /**
   * @param images how many there are; of a single one nothing is shown
   */
  Progress(PrintWriter terminal, int images) {
    this.terminal = terminal;
    this.images = images;
    this.shown = images > 1 && Boolean.getBoolean(TERMINAL_PROPERTY);
  }

  /** For one piece of work, which takes long. */
  Progress(PrintWriter terminal) {
    this(terminal, 2);
  }

  /**
   * Shows how much of a file has come, ten times a second.
   *
   * @param total negative where it is not known
   */
  void show(String name, long bytes, long total) {
    long now = System.nanoTime();
    if (!shown || (now - lastShown < 100_000_000 && bytes != total)) return;
    lastShown = now;
    String share =
        total > 0 ? " of %d MB, %d%%".formatted(total / 1_000_000, 100 * bytes / total) : " MB";
    line(name + "  " + bytes / 1_000_000 + share);
  }

  /**
   * Shows that an image is being worked on.
   *
   * @param number 1 for the first
   */
  void show(int number, String name) {
    if (!shown) return;
    line("[" + number + "/" + images + "] " + name);
  }

  private void line(String line) {
    clear();
    terminal.print(line.length() > WIDTH ? line.substring(0, WIDTH - 3) + "..." : line);
    terminal.flush();
    dirty = true;
  }

  /** Removes the line, so that other output can be printed. */
  void clear() {
    if (!dirty) return;
    terminal.print("\r" + " ".repeat(WIDTH) + "\r");
    terminal.flush();
    dirty = false;
  }
}
