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
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.OnnxModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relevance must not blow up on its way down real residual networks. */
class RelevanceGrowthTest {
  private static final double[] MEAN = {0.485, 0.456, 0.406};
  private static final double[] DEVIATION = {0.229, 0.224, 0.225};

  /** Methods of one sign, which conserve it. */
  private static final Set<String> CONSERVING =
      Set.of("lrp", "deep-taylor", "contrastive-lrp", "contrastive-lrp:clrp1");

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
            "contrastive-excitation-backprop")) {
      methods.add(Methods.standard().find(name));
      methods.addAll(Methods.standard().find(name).variants());
    }
    for (String picture : List.of("cifar10_00_3", "cifar10_01_8", "cifar10_03_0")) {
      Tensor x = image(Shared.file("images/cifar10/" + picture + ".png"));
      int target = picture.charAt(picture.length() - 1) - '0';
      for (Attributor method : methods) {
        Options options = Options.standard();
        Recording recording =
            graph.record(engine, x, method.keeps(graph, options).toArray(Node[]::new));
        Attribution map = method.explain(engine, recording, target, options);
        String name = method.name() + " of " + picture;
        assertEquals(List.of(), map.warnings(), name);
        double start = map.layers().getFirst().magnitude();
        double worst = map.layers().stream().mapToDouble(LayerReport::magnitude).max().orElse(0);
        // 29-fold was seen of LRP-epsilon, whose signs cancel.
        double growth = CONSERVING.contains(method.name()) ? 1.0001 : 50;
        assertTrue(worst <= growth * start, name + " grows " + worst / start + "-fold");
      }
    }
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
