package dev.hedgerow.app;

import dev.hedgerow.attribution.ColourMap;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say how maps are drawn. */
final class DrawingOptions {
  @Option(
      names = "--scale",
      paramLabel = "SCALE",
      converter = Scale.Converter.class,
      defaultValue = "each",
      description =
          "Where the colours end, 0 being in the middle: each (default, at the map's largest"
              + " magnitude), common (at that of all the maps of a method on an image, to compare"
              + " classes) or percentile:99 (of the map's magnitudes).")
  private Scale scale = new Scale.Each();

  @Option(
      names = "--colours",
      paramLabel = "NAME",
      converter = ColourMapConverter.class,
      defaultValue = "seismic",
      description = "seismic (default), bwr, jet, viridis or grey.")
  private ColourMap colours = ColourMap.SEISMIC;

  @Option(
      names = "--grid",
      description =
          "Write grid.png too: the grids of all images on one sheet. (A grid for each image,"
              + " cat.grid.png, is written when there are several methods or classes.)")
  private boolean sheet;

  private static final class ColourMapConverter implements ITypeConverter<ColourMap> {
    @Override
    public ColourMap convert(String text) {
      for (ColourMap map : ColourMap.values()) if (name(map).equals(text)) return map;
      List<String> names = Arrays.stream(ColourMap.values()).map(ColourMapConverter::name).toList();
      throw new TypeConversionException(
          "no colours \"%s\", expected one of %s%s"
              .formatted(text, String.join(", ", names), Nearest.to(text, names)));
    }

    private static String name(ColourMap map) {
      return map.name().toLowerCase(Locale.ROOT);
    }
  }

  /** Returns how maps are drawn. */
  Drawing drawing() {
    return new Drawing(colours, scale);
  }

  /** Returns whether all images go on one sheet, too. */
  boolean sheet() {
    return sheet;
  }
}
