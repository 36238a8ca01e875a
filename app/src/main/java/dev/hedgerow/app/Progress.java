package dev.hedgerow.app;

import java.nio.file.Path;

/** A line on the terminal that says which image and method is being worked on, and how far. */
final class Progress {
  /** The most of an image's name that is shown, so that the rest has room. */
  private static final int NAME = 20;

  private final Messages messages;
  private final StatusLine line;
  private final int images;
  private String image = "";
  private String method = "";

  /**
   * @param messages takes the times of methods
   * @param images how many there are
   */
  Progress(Messages messages, int images) {
    this.messages = messages;
    this.line = new StatusLine(messages.stream());
    this.images = images;
  }

  /**
   * Shows that an image is being worked on.
   *
   * @param number 1 for the first
   */
  void image(int number, String name) {
    String shown = name.length() > NAME ? name.substring(0, NAME - 3) + "..." : name;
    image = images > 1 ? "[" + number + "/" + images + "] " + shown : shown;
    line.show(image);
  }

  /**
   * Shows that a method is being worked on.
   *
   * @param number 1 for the first of the image
   * @param of how many there are
   */
  void method(Pass pass, int number, int of) {
    method = (of > 1 ? "  " + number + "/" + of : "") + "  " + pass.label();
    line.show(image + method);
  }

  /** Shows how often the method has run the network, of {@code total} times. */
  void advanced(int done, int total) {
    line.update(image + method + "  " + done + "/" + total);
  }

  /** Reports what came of a method. */
  void ended(Path path, Explanation.Result result) {
    line.clear();
    messages.time(path, result);
  }

  /** Removes the line, so that other output can be printed. */
  void clear() {
    line.clear();
  }
}
