package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that cannot be read as what it should be. The message is one line: {@code FILE: PROBLEM
 * (at WHERE), expected EXPECTATION}; text taken from the file is shortened and its control
 * characters are escaped.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST_PART = 400;

  private final String file;
  private final String where;
  private final String expectation;

  /**
   * Creates the error.
   *
   * @param file the file as the user named it
   * @param problem what is wrong
   * @param where the place in the file, such as {@code offset 24}, {@code tensor conv1.weight} or
   *     {@code node Conv_3}; empty if there is none
   * @param expectation what was expected instead; empty if the problem says it
   */
  public FormatException(Path file, String problem, String where, String expectation) {
    super(
        file
            + ": "
            + oneLine(problem)
            + (where.isEmpty() ? "" : " (at " + oneLine(where) + ")")
            + (expectation.isEmpty() ? "" : ", expected " + oneLine(expectation)));
    this.file = file.toString();
    this.where = oneLine(where);
    this.expectation = oneLine(expectation);
  }

  /** Returns the file as the user named it. */
  public String file() {
    return file;
  }

  /** Returns the place in the file: an offset, a tensor, a node; empty if there is none. */
  public String where() {
    return where;
  }

  /** Returns what was expected; empty if the message says it otherwise. */
  public String expectation() {
    return expectation;
  }

  static String oneLine(String text) {
    var line = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (line.length() >= LONGEST_PART) return line.append("...").toString();
      char c = text.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        line.append(c == '\n' ? "\\n" : "\\x" + Character.forDigit(c >> 4 & 15, 16))
            .append(c == '\n' ? "" : Character.forDigit(c & 15, 16));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }
}
