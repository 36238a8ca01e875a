package dev.hedgerow.app;

import java.io.PrintWriter;

/** A line at the end of the terminal that is written over; nothing where there is no terminal. */
final class StatusLine {
  /** Set by the launcher: a shell can tell whether the error stream is a terminal, Java cannot. */
  private static final String TERMINAL_PROPERTY = "hedgerow.terminal";

  private static final int WIDTH = 79;
  private static final long NANOSECONDS_BETWEEN = 100_000_000;

  private final PrintWriter terminal;
  private final boolean shown = Boolean.getBoolean(TERMINAL_PROPERTY);
  private long lastShown = System.nanoTime() - NANOSECONDS_BETWEEN;
  private boolean dirty;

  StatusLine(PrintWriter terminal) {
    this.terminal = terminal;
  }

  /** Shows a text in place of the one before. */
  void show(String text) {
    if (!shown) return;
    clear();
    terminal.print(text.length() > WIDTH ? text.substring(0, WIDTH - 3) + "..." : text);
    terminal.flush();
    lastShown = System.nanoTime();
    dirty = true;
  }

  /** Shows a text as {@link #show} does, unless one was shown less than a tenth of a second ago. */
  void update(String text) {
    if (System.nanoTime() - lastShown >= NANOSECONDS_BETWEEN) show(text);
  }

  /** Removes the line, so that other output can be printed. */
  void clear() {
    if (!dirty) return;
    terminal.print("\r" + " ".repeat(WIDTH) + "\r");
    terminal.flush();
    dirty = false;
  }
}
