package dev.hedgerow.app;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Height and width in pixels, written {@code 224x320}. */
record Size(int height, int width) {
  private static final Pattern PATTERN = Pattern.compile("(\\d{1,5})[x×](\\d{1,5})");

  /** Reads a size. */
  static final class Converter implements ITypeConverter<Size> {
    @Override
    public Size convert(String text) {
      Matcher matcher = PATTERN.matcher(text);
      if (matcher.matches()) {
        int height = Integer.parseInt(matcher.group(1));
        int width = Integer.parseInt(matcher.group(2));
        if (height > 0 && width > 0) return new Size(height, width);
      }
      throw new TypeConversionException(
          "\"" + text + "\" is no size, expected HEIGHTxWIDTH such as 224x224");
    }
  }

  @Override
  public String toString() {
    return height + "x" + width;
  }
}
