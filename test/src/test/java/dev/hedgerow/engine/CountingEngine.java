package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** An engine that counts the multiplications of its weighted layers. */
public final class CountingEngine {
  private final Engine engine;
  private long multiplications;

  public CountingEngine() {
    Kernels best = Kernels.best();
    Object counting =
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (arguments != null) {
                multiplications += multiplications(method, arguments);
              }
              try {
                return method.invoke(best, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
    this.engine = new Engine((Kernels) counting, null);
  }

  public Engine engine() {
    return engine;
  }

  /** Returns how many multiplications there were since this was last asked. */
  public long take() {
    long count = multiplications;
    multiplications = 0;
    return count;
  }

  /** Reads the arguments as {@link Kernels} documents them. */
  private static long multiplications(Method kernel, Object[] a) {
    return switch (kernel.getName()) {
      case "convolve" -> (long) number(a[2]) * number(a[11]) * Kernels.BLOCK * number(a[12]);
      case "depthwise" -> (long) ((int[]) a[3]).length * Kernels.BLOCK * number(a[9]);
      case "correlate" -> (long) number(a[3]) * number(a[7]) * Kernels.BLOCK * number(a[8]);
      case "correlateDepthwise" -> (long) Kernels.BLOCK * number(a[5]);
      case "multiplyRows" -> (long) number(a[2]) * number(a[3]);
      case "addMultiple" -> number(a[5]);
      default -> 0;
    };
  }

  private static int number(Object argument) {
    return (Integer) argument;
  }
}
