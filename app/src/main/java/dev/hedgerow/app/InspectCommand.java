package dev.hedgerow.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.weights.Binding;
import dev.hedgerow.weights.Fit;
import dev.hedgerow.weights.Mismatch;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.TensorInfo;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
      "First what it is, its size and its SHA-256. Of weights, the family they fit, or the nearest"
          + " one and in what they differ, whose dialect it is in, and how pictures are prepared, in the"
          + " format of --preprocess. Of an ONNX model, who wrote it, its operators, and its"
          + " layers: name, kind, output shape, inputs. Last all tensors: name, shape, type, offset."
          + " One a line; columns are separated by tabs."
    })
final class InspectCommand implements Callable<Integer> {
  private static final int CHUNK = 1 << 16;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Parameters(
      paramLabel = "FILE",
      description = ".onnx, .safetensors, .pth, .pt, .th, .h5, .keras, .npz or .npy.")
  private Path file = Path.of("");

  /**
   * What a file holds.
   *
   * @param model null if it holds weights alone
   * @param nearest the family that the weights fit best
   */
  private record Content(
      String format,
      long size,
      String sha256,
      Collection<TensorInfo> tensors,
      @Nullable OnnxModel model,
      Optional<Fit> nearest) {
    long values() {
      return tensors.stream().mapToLong(tensor -> tensor.shape().size()).sum();
    }
  }

  @Override
  public Integer call() throws Failure {
    UserFiles.check(file, "a model or weights");
    PrintWriter out = spec.commandLine().getOut();
    try {
      Content content = read();
      if (json) out.println(toJson(content));
      else print(out, content);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    return Main.DONE;
  }

  private Content read() throws IOException {
    if (WeightFile.recognises(file)) {
      WeightSource weights = WeightFile.open(file);
      return new Content(
          weights.format(),
          Files.size(file),
          sha256(),
          weights.tensors(),
          null,
          Binding.nearest(weights, Families.all()));
    }
    OnnxModel model = OnnxModel.read(file, null);
    return new Content(
        "ONNX", Files.size(file), sha256(), model.tensors(), model, Optional.empty());
  }

  private String sha256() throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        digest.update(chunk, 0, count);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void print(PrintWriter out, Content content) {
    out.printf(
        Locale.ROOT,
        "%s: %s, %d tensors, %d values%n",
        file,
        content.format,
        content.tensors.size(),
        content.values());
    out.println("size\t" + content.size);
    out.println("sha256\t" + content.sha256);
    if (content.model != null) print(out, content.model);
    else out.println("family\t" + family(content.nearest));
    content.nearest.ifPresent(nearest -> print(out, nearest));
    for (TensorInfo tensor : content.tensors) {
      out.printf(
          Locale.ROOT,
          "%s\t%s\t%s\t%d%n",
          Messages.visible(tensor.name()),
          tensor.shape(),
          tensor.type(),
          tensor.offset());
    }
  }

  private static void print(PrintWriter out, Fit nearest) {
    out.println("dialect\t" + nearest.release().dialect());
    out.println("preprocess\t" + PreprocessFile.text(nearest.release().preprocessing()));
    for (String line : nearest.mismatch().lines()) {
      out.println("difference\t" + Messages.visible(line));
    }
  }

  private static String family(Optional<Fit> nearest) {
    if (nearest.isEmpty()) return "unknown";
    Mismatch mismatch = nearest.get().mismatch();
    return mismatch.isEmpty()
        ? mismatch.model()
        : "nearest is " + mismatch.model() + ", " + mismatch.count();
  }

  private static void print(PrintWriter out, OnnxModel model) {
    Graph graph = model.graph();
    out.println("opset\t" + model.opset());
    out.println("producer\t" + Messages.visible(model.producer()));
    out.println("input\t" + graph.input().shape());
    out.println("classes\t" + graph.classes());
    out.println(
        "operators\t"
            + model.operators().entrySet().stream()
                .map(entry -> Messages.visible(entry.getKey()) + " " + entry.getValue())
                .collect(Collectors.joining(", ")));
    for (Node node : graph.nodes()) {
      out.printf(
          Locale.ROOT,
          "%s\t%s\t%s\t%s%n",
          Messages.visible(node.name()),
          node.layer().getClass().getSimpleName(),
          node.shape(),
          Messages.visible(String.join(" ", inputs(node))));
    }
  }

  private static List<String> inputs(Node node) {
    return node.inputs().stream().map(Node::name).toList();
  }

  private String toJson(Content content) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator to = new JsonFactory().createGenerator(text)) {
      to.writeStartObject();
      to.writeStringField("file", file.toString());
      to.writeStringField("format", content.format);
      to.writeNumberField("size", content.size);
      to.writeStringField("sha256", content.sha256);
      to.writeNumberField("values", content.values());
      if (content.model != null) write(to, content.model);
      if (content.nearest.isPresent()) {
        Fit nearest = content.nearest.get();
        to.writeStringField("family", nearest.mismatch().model());
        to.writeStringField("dialect", nearest.release().dialect());
        to.writeFieldName("preprocess");
        to.writeRawValue(PreprocessFile.text(nearest.release().preprocessing()));
        writeTexts(to, "differences", nearest.mismatch().lines());
      }
      to.writeArrayFieldStart("tensors");
      for (TensorInfo tensor : content.tensors) {
        to.writeStartObject();
        to.writeStringField("name", tensor.name());
        to.writeFieldName("shape");
        int[] shape = tensor.shape().toArray();
        to.writeArray(shape, 0, shape.length);
        to.writeStringField("type", tensor.type());
        to.writeNumberField("offset", tensor.offset());
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    }
    return text.toString();
  }

  private static void write(JsonGenerator to, OnnxModel model) throws IOException {
    to.writeNumberField("opset", model.opset());
    to.writeStringField("producer", model.producer());
    to.writeNumberField("classes", model.graph().classes());
    to.writeObjectFieldStart("operators");
    for (var entry : model.operators().entrySet()) {
      to.writeNumberField(entry.getKey(), entry.getValue());
    }
    to.writeEndObject();
    to.writeArrayFieldStart("layers");
    for (Node node : model.graph().nodes()) {
      to.writeStartObject();
      to.writeStringField("name", node.name());
      to.writeStringField("kind", node.layer().getClass().getSimpleName());
      to.writeFieldName("shape");
      int[] shape = node.shape().toArray();
      to.writeArray(shape, 0, shape.length);
      writeTexts(to, "inputs", inputs(node));
      to.writeEndObject();
    }
    to.writeEndArray();
  }

  private static void writeTexts(JsonGenerator to, String name, List<String> texts)
      throws IOException {
    to.writeArrayFieldStart(name);
    for (String text : texts) to.writeString(text);
    to.writeEndArray();
  }
}
