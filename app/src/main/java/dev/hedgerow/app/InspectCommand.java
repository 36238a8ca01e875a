package dev.hedgerow.app;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.TensorInfo;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hedgerow inspect}: says what a file of weights or a model holds. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Say what a file holds.",
      "",
      "Of an .onnx file its layers, one a line: name, kind, output shape, inputs. Of a file of"
          + " weights its tensors: name, shape, type, offset. Columns are separated by tabs."
    })
final class InspectCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description = ".onnx, .safetensors, .pth, .pt, .th, .npz or .npy.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws Failure {
    UserFiles.check(file, "a model or weights");
    PrintWriter out = spec.commandLine().getOut();
    try {
      if (file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
        print(out, OnnxModel.read(file, null).graph());
      } else {
        print(out, WeightFile.open(file));
      }
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    return Main.DONE;
  }

  private void print(PrintWriter out, Graph graph) {
    out.printf(
        Locale.ROOT,
        "%s: a network of %d layers, input %s, %d classes%n",
        file,
        graph.nodes().size() - 1,
        graph.input().shape(),
        graph.classes());
    for (Node node : graph.nodes()) {
      out.printf(
          Locale.ROOT,
          "%s\t%s\t%s\t%s%n",
          Messages.visible(node.name()),
          node.layer().getClass().getSimpleName(),
          node.shape(),
          Messages.visible(
              node.inputs().stream().map(Node::name).collect(Collectors.joining(" "))));
    }
  }

  private void print(PrintWriter out, WeightSource weights) {
    long values = weights.tensors().stream().mapToLong(tensor -> tensor.shape().size()).sum();
    out.printf(Locale.ROOT, "%s: %d tensors, %d values%n", file, weights.tensors().size(), values);
    for (TensorInfo tensor : weights.tensors()) {
      out.printf(
          Locale.ROOT,
          "%s\t%s\t%s\t%d%n",
          Messages.visible(tensor.name()),
          tensor.shape(),
          tensor.type(),
          tensor.offset());
    }
  }
}
