package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> NAMES =
      List.of("vgg16", "resnet50", "cifar_resnet20", "cifar_resnet56");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          vgg           | ; did you mean vgg16?
          VGG-16        | ; did you mean vgg16?
          resnet        | ; did you mean resnet50, cifar_resnet20 or cifar_resnet56?
          cifarresnet20 | ; did you mean cifar_resnet20 or cifar_resnet56?
          alexnet       | ''
          x             | ''
          """)
  void suggests(String text, String expected) {
    assertEquals(expected, Nearest.to(text, NAMES));
  }
}
