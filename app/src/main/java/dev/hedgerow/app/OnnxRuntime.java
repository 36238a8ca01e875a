package dev.hedgerow.app;

import dev.hedgerow.engine.Tensor;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network in ONNX Runtime, to compare with. It is no part of this program, and is looked for by
 * name.
 */
final class OnnxRuntime implements AutoCloseable {
  private static final String PACKAGE = "ai.onnxruntime.";

  private static final String JAR = "com/microsoft/onnxruntime/onnxruntime";

  private static final Pattern VERSION = Pattern.compile("\\d+(\\.\\d+)*(-\\w+)?");

  private static final AtomicBoolean LOADED = new AtomicBoolean();

  /** In milliseconds; see {@link #rest}. */
  private static final int PAUSE = 50;

  private final Object session;
  private final List<Object> inputs = new ArrayList<>();

  /** What has memory outside the heap, in the order in which it was made. */
  private final List<AutoCloseable> open = new ArrayList<>();

  private final String inputName;

  /**
   * Loads a network.
   *
   * @param xs what it will be run on
   * @throws Failure if ONNX Runtime is not on the class path or does not take the network
   */
  OnnxRuntime(Path model, int threads, List<Tensor> xs) throws Failure {
    ClassLoader loader = find();
    LOADED.set(true);
    try {
      Class<?> environmentClass = type(loader, "OrtEnvironment");
      Class<?> optionsClass = type(loader, "OrtSession$SessionOptions");
      Object environment = environmentClass.getMethod("getEnvironment").invoke(null);
      Object options = opened(optionsClass.getConstructor().newInstance());
      optionsClass.getMethod("setIntraOpNumThreads", int.class).invoke(options, threads);
      session =
          opened(
              environmentClass
                  .getMethod("createSession", String.class, optionsClass)
                  .invoke(environment, model.toString(), options));
      Method input =
          type(loader, "OnnxTensor")
              .getMethod("createTensor", environmentClass, FloatBuffer.class, long[].class);
      for (Tensor x : xs) {
        long[] extents = Arrays.stream(x.shape().toArray()).asLongStream().toArray();
        var pixels = FloatBuffer.wrap(x.toArray());
        inputs.add(opened(input.invoke(null, environment, pixels, extents)));
      }
      var names = (Set<?>) session.getClass().getMethod("getInputNames").invoke(session);
      inputName = (String) names.iterator().next();
    } catch (ReflectiveOperationException refused) {
      Failure failure = failure(model + ": ONNX Runtime does not take it: ", refused);
      closeAll(failure);
      throw failure;
    }
  }

  private Object opened(Object made) {
    open.add((AutoCloseable) made);
    return made;
  }

  /** Whether this process has loaded a network, so that its size is not ours alone. */
  static boolean wasLoaded() {
    return LOADED.get();
  }

  /** Runs the network once on one of its inputs and returns how many milliseconds that took. */
  double run(int input) throws Failure {
    try {
      long start = System.nanoTime();
      var result =
          (AutoCloseable)
              session
                  .getClass()
                  .getMethod("run", Map.class)
                  .invoke(session, Map.of(inputName, inputs.get(input)));
      double time = (System.nanoTime() - start) / 1e6;
      result.close();
      return time;
    } catch (ReflectiveOperationException refused) {
      throw failure("ONNX Runtime: ", refused);
    } catch (Exception wrong) {
      throw new Failure("ONNX Runtime: " + wrong.getMessage(), wrong);
    }
  }

  /** Waits until its threads, which spin for a while after a run, have left the processors. */
  void rest() throws Failure {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", interrupted);
    }
  }

  @Override
  public void close() throws Failure {
    Failure failure = closeAll(null);
    if (failure != null) throw failure;
  }

  /**
   * Closes all that is open, the last first, whatever of it fails.
   *
   * @return what failed before, or else first; what fails after it is suppressed
   */
  private @Nullable Failure closeAll(@Nullable Failure failure) {
    for (AutoCloseable each : open.reversed()) {
      try {
        each.close();
      } catch (Exception wrong) {
        var next = new Failure("ONNX Runtime: " + wrong.getMessage(), wrong);
        if (failure == null) {
          failure = next;
        } else {
          failure.addSuppressed(next);
        }
      }
    }
    open.clear();
    return failure;
  }

  /**
   * Returns what loads ONNX Runtime's classes: those of the class path, or else of the last version
   * in Maven's local repository.
   *
   * @throws Failure if it is in neither
   */
  static ClassLoader find() throws Failure {
    ClassLoader own = OnnxRuntime.class.getClassLoader();
    try {
      type(own, "OrtEnvironment");
      return own;
    } catch (ClassNotFoundException elsewhere) {
      Path folder = Path.of(System.getProperty("user.home"), ".m2", "repository").resolve(JAR);
      try {
        return new URLClassLoader(new URL[] {latest(folder).toUri().toURL()}, own);
      } catch (IOException missing) {
        throw new Failure(
            "--against onnxruntime: its jar is neither on the class path nor in "
                + folder
                + "; mvn dependency:get -Dartifact=com.microsoft.onnxruntime:onnxruntime:1.23.2",
            missing);
      }
    }
  }

  /**
   * Returns the jar of the last version.
   *
   * @param folder of a local repository, with a folder of each version
   * @throws IOException if there is none
   */
  static Path latest(Path folder) throws IOException {
    try (Stream<Path> versions = Files.list(folder)) {
      return versions
          .filter(version -> VERSION.matcher(name(version)).matches())
          .filter(version -> Files.exists(jar(version)))
          .max(Comparator.comparing(version -> Version.parse(name(version))))
          .map(OnnxRuntime::jar)
          .orElseThrow(() -> new IOException("no jar"));
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static Path jar(Path version) {
    return version.resolve("onnxruntime-" + name(version) + ".jar");
  }

  private static Class<?> type(ClassLoader loader, String name) throws ClassNotFoundException {
    return Class.forName(PACKAGE + name, false, loader);
  }

  private static Failure failure(String what, ReflectiveOperationException refused) {
    Throwable cause =
        refused instanceof InvocationTargetException thrown ? thrown.getCause() : refused;
    return new Failure(what + (cause == null ? refused : cause).getMessage(), refused);
  }
}
