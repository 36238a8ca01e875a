package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
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
    String launcher = System.setProperty(LAUNCHER, sleeper.toString());
    try {
      var thread = new Thread(run);
      thread.start();
      ProcessHandle child = child();
      thread.interrupt();
      var stopped = assertThrows(ExecutionException.class, run::get);
      assertInstanceOf(Failure.class, stopped.getCause());
      assertFalse(child.isAlive(), "the process goes on");
    } finally {
      if (launcher == null) System.clearProperty(LAUNCHER);
      else System.setProperty(LAUNCHER, launcher);
      ProcessHandle.current().children().filter(this::isSleeper).forEach(ProcessHandle::destroy);
    }
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
