package dev.hedgerow.app;

import dev.hedgerow.app.download.WeightCache;
import dev.hedgerow.app.shapes.ShapesNetwork;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Preprocessing;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hedgerow models}: lists the families. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "List the networks and model families that --model takes by name.")
final class ModelsCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    WeightCache cache = WeightCache.of(null, System.getenv());
    var out = spec.commandLine().getOut();
    List<Family> own = Arrays.stream(ShapesNetwork.values()).map(ShapesNetwork::family).toList();
    for (Family family : Stream.concat(own.stream(), Families.all().stream()).toList()) {
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
          ShapesNetwork.find(family.name())
              .filter(ShapesNetwork::hasWeights)
              .map(network -> "  weights built in")
              .or(() -> cache.find(family.name()).map(file -> "  weights " + file))
              .orElse(""));
    }
    return Main.DONE;
  }
}
