package dev.hedgerow.app;

import dev.hedgerow.attribution.Heatmap;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Where the symmetric colour scale of a map ends. */
sealed interface Scale {
  /**
   * Returns the magnitude that has the end colours.
   *
   * @param map one of {@code all}
   * @param all maps of the image by the same method
   * @return above 0 unless the map is 0
   */
  double end(Heatmap map, List<Heatmap> all);

  /**
   * Returns what a legend writes at the end.
   *
   * @param all the maps it is a legend for; none if they are of several methods or images
   */
  String legend(List<Heatmap> all);

  /** Returns what the legend says of the ends. */
  String meaning();

  /** At the largest magnitude of each map. */
  record Each() implements Scale {
    @Override
    public double end(Heatmap map, List<Heatmap> all) {
      return map.scale();
    }

    @Override
    public String legend(List<Heatmap> all) {
      return "max";
    }

    @Override
    public String meaning() {
      return "each map ends at its own largest magnitude";
    }
  }

  /**
   * At the largest magnitude of all maps of the image by the same method: maps of several classes
   * can be compared, those of several methods have different units.
   */
  record Common() implements Scale {
    @Override
    public double end(Heatmap map, List<Heatmap> all) {
      return largest(all);
    }

    @Override
    public String legend(List<Heatmap> all) {
      return all.isEmpty() ? "max" : String.format(Locale.ROOT, "%.3g", largest(all));
    }

    private static double largest(List<Heatmap> maps) {
      return maps.stream().mapToDouble(Heatmap::scale).max().orElse(0);
    }

    @Override
    public String meaning() {
      return "the maps of a method end at the largest magnitude of them all";
    }
  }

  /** At a percentile of each map's magnitudes; at the largest where that is 0. */
  record Percentile(double percent, String text) implements Scale {
    @Override
    public double end(Heatmap map, List<Heatmap> all) {
      double end = map.percentile(percent);
      return end > 0 ? end : map.scale();
    }

    @Override
    public String legend(List<Heatmap> all) {
      return "p" + text;
    }

    @Override
    public String meaning() {
      return "each map ends at percentile " + text + " of its magnitudes";
    }
  }

  /** Reads a scale. */
  final class Converter implements ITypeConverter<Scale> {
    private static final String PERCENTILE = "percentile:";
    private static final List<String> KNOWN = List.of("each", "common", PERCENTILE + "99");

    @Override
    public Scale convert(String text) {
      if (text.equals("each")) return new Each();
      if (text.equals("common")) return new Common();
      if (!text.startsWith(PERCENTILE)) {
        throw new TypeConversionException(
            "\"%s\" is no scale, expected each, common or percentile:99%s"
                .formatted(text, Nearest.to(text.toLowerCase(Locale.ROOT), KNOWN)));
      }
      String percent = text.substring(PERCENTILE.length());
      try {
        BigDecimal value = new BigDecimal(percent);
        if (value.signum() > 0 && value.compareTo(BigDecimal.valueOf(100)) <= 0) {
          return new Percentile(value.doubleValue(), value.stripTrailingZeros().toPlainString());
        }
      } catch (NumberFormatException noNumber) {
        // Said below.
      }
      throw new TypeConversionException(
          "\"%s\" is no percentile, expected a number above 0, up to 100".formatted(percent));
    }
  }
}
