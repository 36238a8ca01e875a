import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks ({@code check DIR}) or rewrites ({@code apply DIR}) the format of every Java file below a directory. */
final class Format {
  public static void main(String[] arguments) throws Exception {
    boolean apply = arguments[0].equals("apply");
    Path root = Path.of(arguments[1]);
    List<Path> sources;
    try (var files = Files.walk(root)) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> file.toString().contains("/src/") || file.toString().contains("\\src\\"))
              .sorted()
              .toList();
    }
    var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    int wrong = 0;
    for (Path file : sources) {
      String source = Files.readString(file);
      String formatted =
          formatter.formatSource(
              RemoveUnusedImports.removeUnusedImports(
                  ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.GOOGLE)));
      if (formatted.equals(source)) continue;
      wrong++;
      if (apply) Files.writeString(file, formatted);
      System.out.println((apply ? "formatted " : "not formatted: ") + root.relativize(file));
    }
    if (wrong > 0 && !apply) {
      System.err.println("run: mvn -N verify -Dformat.mode=apply");
      System.exit(1);
    }
  }
}
