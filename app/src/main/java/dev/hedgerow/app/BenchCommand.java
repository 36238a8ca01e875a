package dev.hedgerow.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.ParameterSource;
import dev.hedgerow.weights.OnnxExport;
import dev.hedgerow.weights.OnnxModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code hedgerow bench}: times whole networks. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Time whole networks: medians of warm runs, of all tasks and of a peer in turns.",
      "",
      "forward: the network alone. explain: forward pass, gradient and walk of Gradient Hedge."
          + " next-target: what one more class of the same image costs. cold: hedgerow explain of"
          + " one picture, from the start of its JVM to its end.",
      "",
      "The rows of a network appear together, when all of it has been timed.",
      "",
      "A family is written as an ONNX file to the folder for temporary files, for cold and for a"
          + " peer. Where that is not possible, cold is left out unless --task names it.",
      "",
      "RSS is the largest resident size: of that JVM, or of this one so far, when the row is warm."
          + " With --against, this one has none once the peer has been loaded for the first time."
    },
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final String PEER = "onnxruntime";

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private Main main;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..*",
      description =
          "Families, with pseudo-random weights, or ONNX files; default: vgg16 resnet50"
              + " squeezenet1_1 densenet121.")
  private List<String> models = List.of("vgg16", "resnet50", "squeezenet1_1", "densenet121");

  @Option(
      names = "--against",
      paramLabel = PEER,
      description =
          "Also run the networks forward in ONNX Runtime, whose jar must be on the class path or in"
              + " Maven's local repository.")
  private @Nullable String against;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      split = ",",
      converter = TaskConverter.class,
      description = "${COMPLETION-CANDIDATES}; default: all.")
  private @Nullable List<Benchmark.Task> tasks;

  @Mixin private final ThreadsOption threadsOption = new ThreadsOption();

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      description = "Images of a forward run; default: 1. Other tasks have one.")
  private List<Integer> batches = List.of(1);

  @Option(
      names = "--side",
      paramLabel = "N",
      split = ",",
      description = "Height and width of the images; default: the network's own, as that of files.")
  private List<Integer> sides = List.of();

  @Option(names = "--rounds", paramLabel = "N", description = "Timed runs; default: 20.")
  private int rounds = 20;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the table as JSON too.")
  private @Nullable Path json;

  private static final class TaskConverter implements ITypeConverter<Benchmark.Task> {
    @Override
    public Benchmark.Task convert(String text) {
      List<String> names = new ArrayList<>();
      for (Benchmark.Task task : Benchmark.Task.values()) {
        if (task.toString().equals(text)) return task;
        names.add(task.toString());
      }
      throw new TypeConversionException(
          "no task \"" + text + "\", expected " + Nearest.list(names));
    }
  }

  @Override
  public Integer call() throws Failure {
    if (against != null && !against.equals(PEER)) {
      throw new UsageException("--against " + against + ": expected " + PEER);
    }
    if (against != null && !asks(Benchmark.Task.FORWARD)) {
      throw new UsageException(
          "--against " + against + ": the peer runs forward only, which --task leaves out");
    }
    if (rounds < 1
        || batches.stream().anyMatch(n -> n < 1)
        || sides.stream().anyMatch(n -> n < 1)) {
      throw new UsageException("--batch, --side and --rounds: expected 1 or more");
    }
    if (json != null) UserFiles.checkOutput(json);
    checkModels();
    if (against != null) OnnxRuntime.find();
    int threads = threadsOption.threads();
    PrintWriter out = spec.commandLine().getOut();
    List<Benchmark.Row> rows = new ArrayList<>();
    try (var pool = new ForkJoinPool(threads)) {
      Supplier<Engine> engines = () -> threads == 1 ? Engine.sequential() : Engine.parallel(pool);
      String machine = machine(engines.get());
      out.println(machine);
      out.printf(
          "%-16s %-12s %7s %5s %5s %9s %9s %6s %8s%n",
          "model", "task", "threads", "batch", "side", "ours ms", "peer ms", "ratio", "RSS MiB");
      for (String model : models) {
        if (isFile(model)) {
          Path file = Path.of(model);
          time(file, read(file), engines, threads, rows, out);
        } else {
          Family family = family(model);
          for (int side : sides(family)) time(family, side, engines, threads, rows, out);
        }
      }
      if (json != null) UserFiles.write(json, json(machine, rows));
    }
    return Main.DONE;
  }

  /** Checks that there is all that is to be timed, and that sides fit. */
  private void checkModels() throws Failure {
    for (String model : models) {
      if (isFile(model)) UserFiles.check(Path.of(model), "a model");
      else family(model);
    }
    for (String model : models) {
      if (isFile(model)) continue;
      Family family = family(model);
      for (int side : sides(family)) {
        Graph outline = graph(family, side, (_, shape) -> outline(shape));
        if (!isWritten()) continue;
        try {
          OnnxExport.check(outline);
        } catch (IllegalArgumentException wrong) {
          if (isFileAskedFor()) throw new UsageException(refusal(side, wrong), wrong);
        }
      }
    }
  }

  private List<Integer> sides(Family family) {
    return sides.isEmpty() ? List.of(family.input().extent(2)) : sides;
  }

  /** Whether families are written as files. */
  private boolean isWritten() {
    return against != null || asks(Benchmark.Task.COLD);
  }

  /** Whether what needs the files that are written is asked for by name. */
  private boolean isFileAskedFor() {
    return against != null || tasks != null;
  }

  private static String refusal(int side, IllegalArgumentException wrong) {
    return "--side " + side + " as a file: " + wrong.getMessage();
  }

  private static boolean isFile(String model) {
    return model.toLowerCase(Locale.ROOT).endsWith(".onnx");
  }

  private boolean asks(Benchmark.Task task) {
    return tasks == null || tasks.contains(task);
  }

  /** Times a family, as a file too if that is needed. */
  private void time(
      Family family,
      int side,
      Supplier<Engine> engines,
      int threads,
      List<Benchmark.Row> rows,
      PrintWriter out)
      throws Failure {
    var random = new SplittableRandom(1);
    Graph graph = graph(family, side, (parameter, shape) -> fill(parameter, shape, random));
    if (!isWritten()) {
      time(null, graph, engines, threads, rows, out);
      return;
    }
    String name = graph.name() + ".onnx";
    try (TemporaryFolder folder = write(graph, name)) {
      time(folder == null ? null : folder.path().resolve(name), graph, engines, threads, rows, out);
    } catch (IOException stays) {
      throw new Failure(TemporaryFolder.parent() + ": " + UserFiles.reason(stays), stays);
    }
  }

  /** Writes a network to a new folder; returns null if that fails and nobody asked for it. */
  private @Nullable TemporaryFolder write(Graph graph, String name) throws Failure {
    try {
      var folder = TemporaryFolder.make();
      try {
        OnnxExport.write(graph, folder.path().resolve(name));
        return folder;
      } catch (IOException | IllegalArgumentException wrong) {
        folder.close();
        throw wrong;
      }
    } catch (IllegalArgumentException wrong) {
      int side = graph.input().shape().extent(2);
      main.messages().warning(graph.name() + ": " + refusal(side, wrong) + "; cold is left out");
    } catch (IOException wrong) {
      String what =
          TemporaryFolder.parent() + ": " + name + " cannot be written: " + UserFiles.reason(wrong);
      if (isFileAskedFor()) {
        throw new Failure(
            what
                + " (-Djava.io.tmpdir=FOLDER names another folder, --task what needs no file:"
                + " forward, explain, next-target)",
            wrong);
      }
      main.messages().warning(what + "; cold is left out");
    }
    return null;
  }

  private void time(
      @Nullable Path file,
      Graph graph,
      Supplier<Engine> engines,
      int threads,
      List<Benchmark.Row> rows,
      PrintWriter out)
      throws Failure {
    var benchmark = new Benchmark(graph, engines, threads, rounds, batches);
    Set<Benchmark.Task> warm = EnumSet.complementOf(EnumSet.of(Benchmark.Task.COLD));
    warm.removeIf(task -> !asks(task));
    report(benchmark.warm(warm, against == null ? null : file), rows, out);
    if (asks(Benchmark.Task.COLD) && file != null) report(List.of(benchmark.cold(file)), rows, out);
  }

  private static void report(List<Benchmark.Row> more, List<Benchmark.Row> rows, PrintWriter out) {
    rows.addAll(more);
    for (Benchmark.Row row : more) {
      out.printf(
          Locale.ROOT,
          "%-16s %-12s %7d %5d %5d %9.1f %9s %6s %8s%n",
          row.model(),
          row.task(),
          row.threads(),
          row.batch(),
          row.side(),
          row.ours(),
          text("%.1f", row.peer()),
          text("%.2f", row.ratio()),
          text("%.0f", row.resident()));
    }
    out.flush();
  }

  private static String text(String format, double number) {
    return Double.isNaN(number) ? "-" : String.format(Locale.ROOT, format, number);
  }

  private static Graph read(Path file) throws Failure {
    try {
      return OnnxModel.read(file).graph();
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  private static Family family(String name) {
    return Families.find(name)
        .orElseThrow(() -> new UsageException(name + ": neither a family nor an .onnx file"));
  }

  private static Graph graph(Family family, int side, ParameterSource parameters) {
    Shape input = family.input().with(2, side).with(3, side);
    try {
      return family.graph(input, family.classes().size(), parameters);
    } catch (IllegalArgumentException wrong) {
      throw new UsageException("--side " + side + ": " + wrong.getMessage(), wrong);
    }
  }

  /** All that a network's layers are made of: vectors are read for it. */
  private static Parameter outline(Shape shape) {
    if (shape.rank() > 1) return Parameter.declared(shape);
    return Parameter.of(shape, new float[shape.size()]);
  }

  /** He-scaled pseudo-random weights, normalizations that change nothing, no bias. */
  private static Parameter fill(String name, Shape shape, SplittableRandom random) {
    float[] values = new float[shape.size()];
    if (shape.rank() > 1) {
      // Uniform in ±√(6 / fan-in), of the variance 2 / fan-in.
      double bound = Math.sqrt(6.0 * shape.extent(0) / shape.size());
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (bound * (2 * random.nextDouble() - 1));
      }
    } else if (name.endsWith("weight") || name.endsWith("running_var")) {
      Arrays.fill(values, 1f);
    }
    return Parameter.of(shape, values);
  }

  private static String machine(Engine engine) {
    return "%s, %d processors, %d threads, Java %s (%s), %s"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            engine.threads(),
            Runtime.version(),
            System.getProperty("java.vendor"),
            engine.kernelName());
  }

  private static String processor() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) return line.substring(line.indexOf(':') + 1).strip();
      }
    } catch (IOException elsewhere) {
      // Only Linux has it.
    }
    return System.getProperty("os.arch");
  }

  private static byte[] json(String machine, List<Benchmark.Row> rows) {
    var json = new ByteArrayOutputStream();
    try (JsonGenerator to = new JsonFactory().createGenerator(json)) {
      to.writeStartObject();
      to.writeStringField("machine", machine);
      to.writeArrayFieldStart("rows");
      for (Benchmark.Row row : rows) {
        to.writeStartObject();
        to.writeStringField("model", row.model());
        to.writeStringField("task", row.task().toString());
        to.writeNumberField("threads", row.threads());
        to.writeNumberField("batch", row.batch());
        to.writeNumberField("side", row.side());
        writeNumber(to, "ours_ms", row.ours());
        writeNumber(to, "peer_ms", row.peer());
        writeNumber(to, "ratio", row.ratio());
        writeNumber(to, "ours_rss_mb", row.resident());
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return json.toByteArray();
  }

  private static void writeNumber(JsonGenerator to, String name, double value) throws IOException {
    if (Double.isFinite(value)) to.writeNumberField(name, value);
    else to.writeNullField(name);
  }
}
