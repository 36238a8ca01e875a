package dev.hedgerow.app;

import dev.hedgerow.weights.Conversion;
import dev.hedgerow.weights.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code hedgerow convert}: rewrites weights in another format. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Rewrite weights of any readable format as .safetensors or .npz.")
final class ConvertCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private Main main;

  @Parameters(index = "0", paramLabel = "IN", description = "The weights to read.")
  private Path in = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "The file to write; its name ends in .safetensors or .npz.")
  private Path out = Path.of("");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "f32, f16 or bf16: what floating-point tensors are rounded to; default: each keeps its"
              + " own. Other tensors stay as they are.")
  private @Nullable String type;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Override
  public Integer call() throws Failure {
    Conversion.Format format =
        Conversion.Format.of(out)
            .orElseThrow(() -> new UsageException(out + ": expected .safetensors or .npz"));
    Optional<Conversion.Precision> precision = precision();
    UserFiles.check(in, "a file of weights");
    UserFiles.checkOutput(out);
    if (!force && Files.exists(out)) {
      throw new Failure(out + ": exists already (--force replaces it)");
    }
    Conversion.Summary summary;
    try {
      summary = Conversion.convert(in, out, format, precision);
    } catch (FormatException wrong) {
      throw UserFiles.unreadable(in, wrong);
    } catch (IOException wrong) {
      throw UserFiles.unwritable(out, wrong);
    }
    warn(summary.overflows());
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%s: %d tensors, %d values, %d bytes%n",
            out,
            summary.tensors(),
            summary.values(),
            summary.bytes());
    return Main.DONE;
  }

  private Optional<Conversion.Precision> precision() throws UsageException {
    if (type == null) return Optional.empty();
    return Optional.of(
        switch (type) {
          case "f32" -> Conversion.Precision.F32;
          case "f16" -> Conversion.Precision.F16;
          case "bf16" -> Conversion.Precision.BF16;
          default -> throw new UsageException("--type \"" + type + "\": expected f32, f16 or bf16");
        });
  }

  private void warn(Map<String, Long> overflows) {
    long total = overflows.values().stream().mapToLong(Long::longValue).sum();
    if (total == 0) return;
    String first = overflows.keySet().iterator().next();
    main.messages()
        .warning(
            total
                + (total == 1 ? " number was" : " numbers were")
                + " too large for "
                + type
                + " and became infinite, first in "
                + first
                + (overflows.size() > 1 ? ", in " + overflows.size() + " tensors" : ""));
  }
}
