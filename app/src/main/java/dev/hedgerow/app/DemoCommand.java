package dev.hedgerow.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hedgerow demo}: shows on drawn pictures what Hedgerow does, and how well. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Draw pictures, explain what networks of our own see in them, and score methods.",
      "",
      "Needs no file and no network connection. --out gets report.html, one page that holds all of"
          + " its pictures, and scores.json."
    },
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where results go; default: ./hedgerow-demo.")
  private Path out = Path.of("hedgerow-demo");

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Which world is drawn; default ${DEFAULT-VALUE}.")
  private long seed = 7;

  @Option(
      names = "--pictures",
      paramLabel = "N",
      description = "How many are explained; default ${DEFAULT-VALUE}.")
  private int pictures = 6;

  @Option(
      names = "--score",
      paramLabel = "N",
      description = "How many are scored; default ${DEFAULT-VALUE}.")
  private int scored = 200;

  @Mixin private final ThreadsOption threadsOption = new ThreadsOption();

  @Override
  public Integer call() throws Failure {
    if (pictures < 1) {
      throw new UsageException("--pictures is " + pictures + ", expected 1 or more");
    }
    if (scored < 1) throw new UsageException("--score is " + scored + ", expected 1 or more");
    int threads = threadsOption.threads();
    var line = new StatusLine(spec.commandLine().getErr());
    try (OutputFolder folder = OutputFolder.open(out)) {
      var demo =
          new Demo(
              List.of(
                  ModelOptions.of("shapes-vgg").load(), ModelOptions.of("shapes-resnet").load()),
              ModelOptions.of("clever-hans").load(),
              seed,
              pictures,
              scored,
              threads);
      String table = ScoreTable.text(demo.write(folder, line));
      PrintWriter text = spec.commandLine().getOut();
      text.print(table);
      text.println(folder.path(Demo.SCORES));
      text.println(folder.path(Demo.PAGE));
      return Main.DONE;
    } finally {
      line.clear();
    }
  }
}
