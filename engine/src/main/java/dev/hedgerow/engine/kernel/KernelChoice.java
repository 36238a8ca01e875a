package dev.hedgerow.engine.kernel;

import java.lang.System.Logger.Level;

/** Chooses the kernels when first asked: the Vector API's if its module is there, else scalar. */
final class KernelChoice {
  /** Forces a width in bits, 0 for scalar; for tests and experiments. */
  private static final String BITS_PROPERTY = "hedgerow.vectorBits";

  static final Kernels BEST = choose();

  private KernelChoice() {}

  private static Kernels choose() {
    String wanted = System.getProperty(BITS_PROPERTY);
    if ("0".equals(wanted)) return ScalarKernels.INSTANCE;
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      warn("the module jdk.incubator.vector is missing: add --add-modules jdk.incubator.vector");
      return ScalarKernels.INSTANCE;
    }
    try {
      // The class that names vector types may only be loaded after the check above.
      Class<?> type = Class.forName("dev.hedgerow.engine.simd.VectorKernels");
      return (Kernels)
          type.getMethod("forBits", int.class)
              .invoke(null, wanted == null ? -1 : Integer.parseInt(wanted));
    } catch (ReflectiveOperationException | LinkageError | NumberFormatException failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      warn(cause.toString());
      return ScalarKernels.INSTANCE;
    }
  }

  private static void warn(String reason) {
    System.getLogger("dev.hedgerow.engine")
        .log(Level.WARNING, "running on slow scalar kernels; " + reason);
  }
}
