package dev.hedgerow.app;

import java.io.PrintWriter;

/** A line on the terminal that says which image is being worked on. */
final class Progress {
  /** Set by the launcher: a shell can tell whether the error stream is a terminal, Java cannot. */
  private static final String TERMINAL_PROPERTY = "hedgerow.terminal";

  private static final int WIDTH = 60;

  private final PrintWriter terminal;
  private final int images;
  private final boolean shown;
  private boolean dirty;

  /**
   * @param images how many there are; of a single one nothing is shown
   */
  Progress(PrintWriter terminal, int images) {
    this.terminal = terminal;
    this.images = images;
    this.shown = images > 1 && Boolean.getBoolean(TERMINAL_PROPERTY);
  }

  /**
   * Shows that an image is being worked on.
   *
   * @param number 1 for the first
   */
  void show(int number, String name) {
    if (!shown) return;
    clear();
    String line = "[" + number + "/" + images + "] " + name;
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
