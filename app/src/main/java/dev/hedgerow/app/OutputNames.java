package dev.hedgerow.app;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** How result files are called. */
final class OutputNames {
  private OutputNames() {}

  /**
   * Returns what each image's results begin with: its file name without the extension; from the
   * second image of a name on followed by {@code -2}, {@code -3}, ... Names that differ only in
   * case count as the same, as on some file systems they are.
   */
  static List<String> stems(List<Path> images) {
    Set<String> used = new HashSet<>();
    List<String> stems = new ArrayList<>();
    for (Path image : images) {
      String stem = stem(image);
      String unique = stem;
      for (int i = 2; !used.add(fold(unique)); i++) unique = stem + "-" + i;
      stems.add(unique);
    }
    return stems;
  }

  private static String fold(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static String stem(Path image) {
    Path fileName = image.getFileName();
    String name = fileName == null ? "" : fileName.toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /**
   * Returns what the files of one map begin with: {@code cat.281.gradient-hedge}, of a variant
   * {@code cat.281.lrp-epsilon-plus}.
   *
   * @param gamma the text of γ where names carry it, else empty
   */
  static String map(String stem, int target, String method, String gamma) {
    String name = method.replace(':', '-'); // which Windows has no use for in names
    return stem + "." + target + "." + name + (gamma.isEmpty() ? "" : ".g" + gamma);
  }

  /** Returns what the grid of an image's maps is called. */
  static String grid(String stem) {
    return stem + ".grid.png";
  }
}
