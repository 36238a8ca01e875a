package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels are chosen once in a process, so each case is a process of its own. */
class KernelChoiceTest {
  private static final String WITH_VECTORS = "--add-modules=jdk.incubator.vector";

  static final class PrintName {
    public static void main(String[] arguments) {
      System.out.println(Engine.sequential().kernelName());
    }
  }

  @ParameterizedTest
  @CsvSource({"64, no kernels for 64 bits", "wide, wide"})
  void aWidthThatThereIsNotIsAWarning(String bits, String reason) throws Exception {
    assertWarns(reason, WITH_VECTORS, "-D" + Kernels.BITS_PROPERTY + "=" + bits);
  }

  @Test
  void aModuleThatIsMissingIsAWarning() throws Exception {
    assertWarns("add --add-modules jdk.incubator.vector");
  }

  /** Without C2 each vector operation is a call, and the scalar kernels are 100 times as fast. */
  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1"})
  void withoutC2AWidthHasToBeAskedFor(String option) throws Exception {
    assertWarns("the virtual machine runs without its C2 compiler (", WITH_VECTORS, option);
    String output = run(WITH_VECTORS, option, "-D" + Kernels.BITS_PROPERTY + "=128");
    assertTrue(output.endsWith("vector-128"), output);
  }

  @Test
  void widthsAreForced() throws Exception {
    for (String bits : List.of("128", "256", "512")) {
      String output = run(WITH_VECTORS, "-D" + Kernels.BITS_PROPERTY + "=" + bits);
      assertTrue(output.endsWith("vector-" + bits), output);
    }
    String output = run("-D" + Kernels.BITS_PROPERTY + "=0");
    assertTrue(output.endsWith("scalar") && !output.contains("slow"), output);
  }

  private static void assertWarns(String reason, String... options) throws Exception {
    String output = run(options);
    assertTrue(output.contains("running on slow scalar kernels; "), output);
    assertTrue(output.contains(reason), output);
    assertTrue(output.endsWith("scalar"), output);
  }

  private static String run(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-cp", System.getProperty("java.class.path")));
    arguments.add(PrintName.class.getName());
    return JavaProcess.run(arguments).strip();
  }
}
