package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hedgerow methods}: lists the methods. */
@Command(
    name = "methods",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "List the explanation methods that --method takes.")
final class MethodsCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    for (Attributor method : Methods.standard().all()) {
      out.printf("%-16s  %s: %s%n", method.name(), method.title(), method.reference());
    }
    return Main.DONE;
  }
}
