package dev.hedgerow.test;

import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.Safetensors;
import dev.hedgerow.weights.TensorInfo;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Networks of which there is what the authors' code computed in float64. */
enum Golden {
  VGG16_MINI("vgg16-mini", null),
  RESNET_MINI("resnet-mini", null),
  DENSENET_MINI("densenet-mini", "/features/norm5/BatchNormalization"),
  SQUEEZENET1_1_REAL("squeezenet1_1-real", null);

  private static final Pattern MAP = Pattern.compile("target(\\d+)\\.gamma([\\d.]+)\\.relevance");

  /** What the files' names begin with. */
  private final String stem;

  private final @Nullable String startLayer;

  Golden(String stem, @Nullable String startLayer) {
    this.stem = stem;
    this.startLayer = startLayer;
  }

  /** A map of Gradient Hedge: its tensor in {@link #expected}, and what it explains. */
  record Map(TensorInfo tensor, int target, float gamma) {}

  Graph graph() throws IOException {
    Path file =
        this == SQUEEZENET1_1_REAL ? Shared.file("models/squeezenet1_1.onnx") : file(".onnx");
    return OnnxModel.read(file).graph();
  }

  /** Returns the options of all maps but for γ. */
  Options options() {
    return Options.standard().withStartLayer(startLayer);
  }

  /** Returns the input, and what was computed of it. */
  WeightSource expected() throws IOException {
    return Safetensors.open(file(".golden.safetensors"));
  }

  Tensor input() throws IOException {
    return tensor(expected().parameter("input"));
  }

  List<Map> maps() throws IOException {
    List<Map> maps = new ArrayList<>();
    for (TensorInfo tensor : expected().tensors()) {
      Matcher map = MAP.matcher(tensor.name());
      if (!map.matches()) continue;
      maps.add(new Map(tensor, Integer.parseInt(map.group(1)), Float.parseFloat(map.group(2))));
    }
    return maps;
  }

  /** Returns one of the files, by the end of its name. */
  Path file(String end) {
    return Shared.golden(stem + end);
  }

  static Tensor tensor(Parameter values) {
    return Tensor.of(values.shape(), values.toArray());
  }

  @Override
  public String toString() {
    return stem;
  }
}
