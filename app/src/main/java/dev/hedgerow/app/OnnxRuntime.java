package dev.hedgerow.app;

import dev.hedgerow.engine.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * A network in ONNX Runtime, to compare with. It is no part of this program, and is looked for on
 * the class path by name.
 */
final class OnnxRuntime implements AutoCloseable {
  private static final String PACKAGE = "ai.onnxruntime.";

  /** Its threads spin for a while after a run, on the cores that ours need next. */
  private static final int PAUSE = 50;

  private final AutoCloseable session;
  private final AutoCloseable input;
  private final String inputName;

  /**
   * Loads a network.
   *
   * @param x what it will be run on
   * @throws Failure if ONNX Runtime is not on the class path or does not take the network
   */
  OnnxRuntime(Path model, int threads, Tensor x) throws Failure {
    try {
      Class<?> environmentClass = type("OrtEnvironment");
      Class<?> optionsClass = type("OrtSession$SessionOptions");
      Object environment = environmentClass.getMethod("getEnvironment").invoke(null);
      Object options = optionsClass.getConstructor().newInstance();
      optionsClass.getMethod("setIntraOpNumThreads", int.class).invoke(options, threads);
      session =
          (AutoCloseable)
              environmentClass
                  .getMethod("createSession", String.class, optionsClass)
                  .invoke(environment, model.toString(), options);
      input =
          (AutoCloseable)
              type("OnnxTensor")
                  .getMethod("createTensor", environmentClass, FloatBuffer.class, long[].class)
                  .invoke(
                      null,
                      environment,
                      FloatBuffer.wrap(x.toArray()),
                      Arrays.stream(x.shape().toArray()).asLongStream().toArray());
      var names = (Set<?>) session.getClass().getMethod("getInputNames").invoke(session);
      inputName = (String) names.iterator().next();
    } catch (ClassNotFoundException missing) {
      throw new Failure(
          "--against onnxruntime: its jar, com.microsoft.onnxruntime:onnxruntime, is not on the"
              + " class path",
          missing);
    } catch (ReflectiveOperationException refused) {
      throw failure(model + ": ONNX Runtime does not take it: ", refused);
    }
  }

  /** Runs the network once and returns how many milliseconds that took. */
  double run() throws Failure {
    try {
      long start = System.nanoTime();
      var result =
          (AutoCloseable)
              session
                  .getClass()
                  .getMethod("run", Map.class)
                  .invoke(session, Map.of(inputName, input));
      double time = (System.nanoTime() - start) / 1e6;
      result.close();
      Thread.sleep(PAUSE);
      return time;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", interrupted);
    } catch (ReflectiveOperationException refused) {
      throw failure("ONNX Runtime: ", refused);
    } catch (Exception wrong) {
      throw new Failure("ONNX Runtime: " + wrong.getMessage(), wrong);
    }
  }

  @Override
  public void close() throws Failure {
    try {
      input.close();
      session.close();
    } catch (Exception wrong) {
      throw new Failure("ONNX Runtime: " + wrong.getMessage(), wrong);
    }
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName(PACKAGE + name);
  }

  private static Failure failure(String what, ReflectiveOperationException refused) {
    Throwable cause =
        refused instanceof InvocationTargetException thrown ? thrown.getCause() : refused;
    return new Failure(what + (cause == null ? refused : cause).getMessage(), refused);
  }
}
