package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hedgerow methods}: lists the methods, or says what one of them is. */
@Command(
    name = "methods",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "List the explanation methods that --method takes, or say what one of them is.")
final class MethodsCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A method: its idea, formula, cost, what it conserves and when it misleads.")
  private @Nullable String name;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (name == null) {
      list(out, Methods.standard().all(), "");
    } else {
      // A variant is on the page of its method.
      String method = MethodNames.find(name).name().split(":", -1)[0];
      out.print(MethodPage.of(method).shortForm());
      List<Attributor> variants = MethodNames.find(method).variants();
      if (!variants.isEmpty()) out.printf("%nVariants%n");
      list(out, variants, "  ");
    }
    return Main.DONE;
  }

  private static void list(PrintWriter out, List<Attributor> methods, String indent) {
    int width = methods.stream().mapToInt(method -> method.name().length()).max().orElse(1);
    for (Attributor method : methods) {
      out.printf("%s%-" + width + "s  %s%n", indent, method.name(), method.title());
    }
  }
}
