package dev.hedgerow.app;

import dev.hedgerow.app.download.WeightCache;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Preprocessing;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hedgerow models}: lists the families. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "List the model families that --model takes by name.")
final class ModelsCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    WeightCache cache = WeightCache.of(null, System.getenv());
    var out = spec.commandLine().getOut();
    for (Family family : Families.all()) {
      Preprocessing preprocessing = family.preprocessing();
      out.printf(
          Locale.ROOT,
          "%-16s  %dx%d  %4d classes  %11d parameters  starts at %s%s%n",
          family.name(),
          preprocessing.height(),
          preprocessing.width(),
          family.classes().size(),
          family.parameterCount(),
          family.startLayer(),
          cache.find(family.name()).map(file -> "  weights " + file).orElse(""));
    }
    return Main.DONE;
  }
}
