package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.OnnxModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relevance must not blow up on its way down real residual networks. */
class RelevanceGrowthTest {
  private static final double[] MEAN = {0.485, 0.456, 0.406};
  private static final double[] DEVIATION = {0.229, 0.224, 0.225};

  /** Methods of one sign, which conserve it. */
  private static final Set<String> CONSERVING =
      Set.of("lrp", "deep-taylor", "contrastive-lrp", "contrastive-lrp:clrp1");

  private static final List<String> PICTURES =
      List.of("cifar10_00_3", "cifar10_01_8", "cifar10_03_0");

  private final Engine engine = Engine.sequential();

  @ParameterizedTest
  @ValueSource(strings = {"resnet20_cifar10", "resnet56_cifar10"})
  void relevanceStaysInScale(String model) throws IOException {
    Graph graph = OnnxModel.read(Shared.file("models/" + model + ".onnx")).graph();
    var methods = new ArrayList<Attributor>();
    for (String name :
        List.of(
            "lrp",
            "contrastive-lrp",
            "relevance-cam",
            "deep-taylor",
            "excitation-backprop",
            "contrastive-excitation-backprop",
            "gradient-hedge")) {
      methods.add(Methods.standard().find(name));
      methods.addAll(Methods.standard().find(name).variants());
    }
    methods.add(Methods.standard().find("rap"));
    for (String picture : PICTURES) {
      for (Attributor method : methods) {
        Attribution map = explain(graph, picture, method);
        String name = method.name() + " of " + picture;
        assertEquals(List.of(), map.warnings(), name);
        // 29-fold was seen of LRP-epsilon, whose signs cancel.
        double most = CONSERVING.contains(method.name()) ? 1.0001 : 50;
        assertTrue(growth(map) <= most, name + " grows " + growth(map) + "-fold");
      }
      // What it adds has a magnitude of its own, whatever that of relevance.
      Attribution agf = explain(graph, picture, Methods.standard().find("agf"));
      assertEquals(List.of(), agf.warnings(), "agf of " + picture);
    }
  }

  /** RSP by its definition may grow a little at every layer: not a jump anywhere. */
  @Test
  void aThousandfoldGrowthIsAWarning() throws IOException {
    int warned = 0;
    for (String model : List.of("resnet20_cifar10", "resnet56_cifar10")) {
      Graph graph = OnnxModel.read(Shared.file("models/" + model + ".onnx")).graph();
      for (String picture : PICTURES) {
        Attribution map = explain(graph, picture, Methods.standard().find("rsp"));
        assertEquals(growth(map) > 1000 ? 1 : 0, map.warnings().size(), picture + growth(map));
        if (map.warnings().isEmpty()) continue;
        assertTrue(map.warnings().getFirst().matches("relevance grows \\S+-fold down to .*"));
        warned++;
      }
    }
    assertTrue(warned > 0 && warned < 2 * PICTURES.size(), warned + " warned");
  }

  private Attribution explain(Graph graph, String picture, Attributor method) throws IOException {
    Tensor x = image(Shared.file("images/cifar10/" + picture + ".png"));
    int target = picture.charAt(picture.length() - 1) - '0';
    Options options = Options.standard();
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }

  /** The largest magnitude of a layer in those of the first, which every method here conserves. */
  private static double growth(Attribution map) {
    double start = map.layers().getFirst().magnitude();
    return map.layers().stream().mapToDouble(LayerReport::magnitude).max().orElse(0) / start;
  }

  private static Tensor image(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    float[] values = new float[3 * 32 * 32];
    for (int i = 0; i < values.length; i++) {
      int channel = i / 1024;
      int level = image.getRGB(i % 32, i / 32 % 32) >> (16 - 8 * channel) & 0xff;
      values[i] = (float) ((level / 255.0 - MEAN[channel]) / DEVIATION[channel]);
    }
    return Tensor.of(Shape.of(1, 3, 32, 32), values);
  }
}
