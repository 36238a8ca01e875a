package dev.hedgerow.app;

import java.io.PrintWriter;
import java.nio.file.Path;

/** A line on the terminal that says which image and method is being worked on. */
final class Progress {
  /** Set by the launcher: a shell can tell whether the error stream is a terminal, Java cannot. */
  private static final String TERMINAL_PROPERTY = "hedgerow.terminal";

  private static final int WIDTH = 70;

  private final Messages messages;
  private final PrintWriter terminal;
  private final int images;
  private final boolean shown = Boolean.getBoolean(TERMINAL_PROPERTY);
  private String image = "";
  private boolean dirty;

  /**
   * @param messages takes the times of methods
   * @param images how many there are
   */
  Progress(Messages messages, int images) {
    this.messages = messages;
    this.terminal = messages.stream();
    this.images = images;
  }

  /**
   * Shows that an image is being worked on.
   *
   * @param number 1 for the first
   */
  void image(int number, String name) {
    image = images > 1 ? "[" + number + "/" + images + "] " + name : name;
    show(image);
  }

  /**
   * Shows that a method is being worked on.
   *
   * @param number 1 for the first of the image
   * @param of how many there are
   */
  void method(Pass pass, int number, int of) {
    show(image + (of > 1 ? "  " + number + "/" + of : "") + "  " + pass.label());
  }

  /** Reports what came of a method. */
  void ended(Path path, Explanation.Result result) {
    clear();
    messages.time(path, result);
  }

  private void show(String line) {
    if (!shown) return;
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
