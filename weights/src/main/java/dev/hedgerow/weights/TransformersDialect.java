package dev.hedgerow.weights;

import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.ResNet;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of {@code ResNetForImageClassification} in Hugging Face's transformers. */
final class TransformersDialect implements Dialect {
  private static final String STEM = "resnet.embedder.embedder.";
  private static final String CLASSIFIER = "classifier.1.";
  private static final Pattern BLOCK =
      Pattern.compile(
          "resnet\\.encoder\\.stages\\.(\\d{1,3})\\.layers\\.(\\d{1,3})\\."
              + "(?:layer\\.(\\d{1,3})|shortcut)\\.(convolution|normalization)\\.(.*)");

  @Override
  public Optional<Release> read(Family family, WeightSource source) {
    if (!(family.topology() instanceof ResNet) || !source.contains(STEM + "convolution.weight")) {
      return Optional.empty();
    }
    WeightSource renamed = Translation.renamed(source, TransformersDialect::name);
    return Optional.of(new Release("transformers", family, renamed));
  }

  private static String name(String name) {
    if (name.startsWith(STEM)) {
      return name.substring(STEM.length())
          .replaceFirst("^convolution\\.", "conv1.")
          .replaceFirst("^normalization\\.", "bn1.");
    }
    if (name.startsWith(CLASSIFIER)) return "fc." + name.substring(CLASSIFIER.length());
    Matcher block = BLOCK.matcher(name);
    if (!block.matches()) return name;
    int stage = Integer.parseInt(block.group(1)) + 1;
    boolean convolution = block.group(4).equals("convolution");
    String module =
        block.group(3) == null
            ? "downsample." + (convolution ? 0 : 1)
            : (convolution ? "conv" : "bn") + (Integer.parseInt(block.group(3)) + 1);
    return "layer%d.%s.%s.%s".formatted(stage, block.group(2), module, block.group(5));
  }
}
