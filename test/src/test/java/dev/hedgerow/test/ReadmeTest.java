package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Methods;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documents say is so: their examples compile, and their links lead somewhere. */
class ReadmeTest {
  private static final Pattern EXAMPLE = Pattern.compile("(?s)```java\n(.*?)```");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]\n]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\n]*`");

  @TempDir private Path folder = Path.of("");

  @Test
  void theLibraryInTenLines() throws Exception {
    String lines = examples().getFirst();
    assertTrue(lines.lines().count() <= 10, lines);
    compile("static void run() throws Exception {\n" + lines + "}");
  }

  @Test
  void aRuleOfYourOwn() throws Exception {
    String lines = examples().get(1);
    assertTrue(lines.lines().count() < 20, lines);
    Class<?> example = compile("public static Methods run() {\n" + lines + "return methods;\n}");
    var methods = (Methods) example.getMethod("run").invoke(null);
    assertEquals("magnitude", methods.find("magnitude").name());
    assertEquals(Methods.standard().all().size() + 1, methods.all().size());
  }

  private static List<String> examples() throws IOException {
    String readme = Files.readString(Shared.root().resolve("README.md"));
    return EXAMPLE.matcher(readme).results().map(match -> match.group(1)).toList();
  }

  private Class<?> compile(String member) throws Exception {
    String imports =
        Stream.of(
                "dev.hedgerow.attribution",
                "dev.hedgerow.engine",
                "dev.hedgerow.nn",
                "dev.hedgerow.weights",
                "java.nio.file",
                "java.util.concurrent")
            .map(name -> "import " + name + ".*;\n")
            .reduce("", String::concat);
    Path source = folder.resolve("Example.java");
    Files.writeString(source, imports + "public class Example {\n" + member + "\n}\n");
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
    var said = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
      var task =
          compiler.getTask(said, files, null, options, null, files.getJavaFileObjects(source));
      assertTrue(task.call(), said.toString());
    }
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      return loader.loadClass("Example");
    }
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    Path root = Shared.root().toRealPath();
    int links = 0;
    try (Stream<Path> files = Files.walk(root.resolve("docs"))) {
      List<Path> pages =
          Stream.concat(
                  Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(root::resolve),
                  files.filter(file -> file.toString().endsWith(".md")))
              .toList();
      for (Path page : pages) {
        String text = CODE.matcher(Files.readString(page)).replaceAll("");
        for (String link : LINK.matcher(text).results().map(match -> match.group(1)).toList()) {
          if (link.startsWith("http") || link.startsWith("#")) continue;
          Path file = page.resolveSibling(link.replaceAll("#.*", ""));
          assertTrue(Files.exists(file), root.relativize(page) + " links to " + link);
          links++;
        }
      }
    }
    assertTrue(links > 100, links + " links");
  }
}
