package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.weights.OnnxModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkTest {
  private static final String LAUNCHER = "hedgerow.launcher";

  @TempDir private Path folder;

  @Test
  @Timeout(60)
  void anInterruptedColdRunEndsItsProcess() throws Exception {
    Path sleeper = folder.resolve("sleeper");
    Files.writeString(sleeper, "#!/bin/sh\nexec sleep 600\n");
    assumeTrue(Files.exists(Path.of("/bin/sh")) && sleeper.toFile().setExecutable(true));
    Graph graph =
        Families.find("cifar_resnet20")
            .orElseThrow()
            .graph(
                Shape.of(1, 3, 32, 32),
                10,
                (name, shape) -> Parameter.of(shape, new float[shape.size()]));
    var benchmark = new Benchmark(graph, Engine::sequential, 1, 1, List.of(1));
    var run = new FutureTask<>(() -> benchmark.cold(folder.resolve("model.onnx")));
    String launcher = launcher(sleeper);
    try {
      var thread = new Thread(run);
      thread.start();
      ProcessHandle child = child();
      thread.interrupt();
      var stopped = assertThrows(ExecutionException.class, run::get);
      assertInstanceOf(Failure.class, stopped.getCause());
      assertFalse(child.isAlive(), "the process goes on");
    } finally {
      reset(launcher);
      ProcessHandle.current().children().filter(this::isSleeper).forEach(ProcessHandle::destroy);
    }
  }

  private static @Nullable String launcher(Path script) {
    return System.setProperty(LAUNCHER, script.toString());
  }

  private static void reset(@Nullable String launcher) {
    if (launcher == null) System.clearProperty(LAUNCHER);
    else System.setProperty(LAUNCHER, launcher);
  }

  @Test
  void aFamilyIsStartedAsAFileThatIsGoneAfterwards() throws IOException {
    Path copier = folder.resolve("copier");
    Path model = folder.resolve("copied.onnx");
    Path name = folder.resolve("name");
    // explain --model FILE ...
    Files.writeString(copier, "#!/bin/sh\ncp \"$3\" %s\necho \"$3\" > %s\n".formatted(model, name));
    assumeTrue(Files.exists(Path.of("/bin/sh")) && copier.toFile().setExecutable(true));
    String launcher = launcher(copier);
    try {
      var out = new StringWriter();
      var writer = new PrintWriter(out);
      String[] arguments = {"bench", "cifar_resnet20", "--task", "cold", "--rounds", "1"};
      assertEquals(0, new Main(WarmUp.none()).execute(writer, writer, arguments), out::toString);
      assertTrue(out.toString().contains("cifar_resnet20   cold "), out::toString);
    } finally {
      reset(launcher);
    }
    Path written = Path.of(Files.readString(name).strip());
    assertEquals("cifar_resnet20.onnx", written.getFileName().toString());
    assertFalse(Files.exists(written.getParent()));
    Graph graph = OnnxModel.read(model).graph();
    assertEquals(Shape.of(1, 3, 32, 32), graph.input().shape());
    assertEquals(Shape.of(1, 10), graph.output().shape());
  }

  private ProcessHandle child() throws InterruptedException {
    while (true) {
      Optional<ProcessHandle> child =
          ProcessHandle.current().children().filter(this::isSleeper).findAny();
      if (child.isPresent()) return child.get();
      Thread.sleep(10);
    }
  }

  private boolean isSleeper(ProcessHandle process) {
    return process.info().commandLine().orElse("").contains("sleep 600");
  }

  @Test
  void comparesVersionsAsNumbers() throws IOException {
    for (String version : new String[] {"1.9.0", "1.23.2", "1.23.2-rc1", "1.4"}) jar(version, "");
    jar("1.24.0", "-sources");
    Files.createDirectory(folder.resolve("2.0"));
    Files.createFile(folder.resolve("maven-metadata-local.xml"));
    assertEquals(folder.resolve("1.23.2/onnxruntime-1.23.2.jar"), OnnxRuntime.latest(folder));
  }

  @Test
  void refusesAFolderWithoutAJar() {
    assertEquals(
        "no jar", assertThrows(IOException.class, () -> OnnxRuntime.latest(folder)).getMessage());
    assertThrows(IOException.class, () -> OnnxRuntime.latest(folder.resolve("none")));
  }

  private void jar(String version, String kind) throws IOException {
    Path to = Files.createDirectory(folder.resolve(version));
    Files.createFile(to.resolve("onnxruntime-" + version + kind + ".jar"));
  }
}
