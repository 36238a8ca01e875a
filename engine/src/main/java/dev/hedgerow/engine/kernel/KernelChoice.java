package dev.hedgerow.engine.kernel;

import java.lang.System.Logger.Level;

/**
 * Chooses the kernels when first asked: the Vector API's if its module is there, unless the virtual
 * machine says that it only interprets, or has the compiler of the first tier alone; else scalar
 * ones. Only C2 compiles vector operations to instructions. A width that is asked for is taken.
 */
final class KernelChoice {
  static final Kernels BEST = choose();

  private KernelChoice() {}

  private static Kernels choose() {
    String bits = System.getProperty(Kernels.BITS_PROPERTY);
    if ("0".equals(bits)) return ScalarKernels.INSTANCE;
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      warn("the module jdk.incubator.vector is missing: add --add-modules jdk.incubator.vector");
      return ScalarKernels.INSTANCE;
    }
    String machine = System.getProperty("java.vm.info", "");
    if (bits == null && (machine.contains("interpreted") || machine.contains("client"))) {
      warn("the virtual machine runs without its C2 compiler (" + machine + ")");
      return ScalarKernels.INSTANCE;
    }
    try {
      // The class that names vector types may only be loaded after the check above.
      Class<?> type = Class.forName("dev.hedgerow.engine.simd.VectorKernels");
      return (Kernels) type.getConstructor().newInstance();
    } catch (ReflectiveOperationException | LinkageError failure) {
      Throwable cause = failure;
      while (cause.getCause() != null) cause = cause.getCause();
      warn(cause.toString());
      return ScalarKernels.INSTANCE;
    }
  }

  private static void warn(String reason) {
    System.getLogger("dev.hedgerow.engine")
        .log(Level.WARNING, "running on slow scalar kernels; " + reason);
  }
}
