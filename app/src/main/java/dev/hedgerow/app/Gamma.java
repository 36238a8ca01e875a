package dev.hedgerow.app;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A value of γ.
 *
 * @param value 1..2
 * @param text how it is written in file names: {@code 1.5}
 */
record Gamma(float value, String text) {
  static final Gamma TIGHTEST = new Gamma(1, "1");

  /** Reads a comma-separated list. */
  static final class Converter implements ITypeConverter<Gammas> {
    @Override
    public Gammas convert(String text) {
      var values = new LinkedHashSet<Gamma>();
      for (String part : text.split(",", -1)) values.add(parse(part.strip()));
      return new Gammas(new ArrayList<>(values));
    }
  }

  /** Values of γ, each once. */
  record Gammas(List<Gamma> values) {}

  private static Gamma parse(String text) {
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.compareTo(BigDecimal.ONE) >= 0 && value.compareTo(BigDecimal.TWO) <= 0) {
        return new Gamma(value.floatValue(), value.stripTrailingZeros().toPlainString());
      }
    } catch (NumberFormatException noNumber) {
      // Said below.
    }
    throw new TypeConversionException("\"" + text + "\" is no γ, expected a number from 1 to 2");
  }
}
