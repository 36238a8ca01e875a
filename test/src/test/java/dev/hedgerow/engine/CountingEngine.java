package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** An engine that counts the multiplications of its weighted layers, and the weights packed. */
public final class CountingEngine {
  private final Engine engine;
  private final Set<float[]> packed = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<float[]> transformed = Collections.newSetFromMap(new IdentityHashMap<>());
  private long multiplications;
  private int packs;

  public CountingEngine() {
    Kernels best = Kernels.best();
    Object counting =
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (arguments != null) {
                multiplications += multiplications(method, arguments);
                see(method, arguments);
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

  /**
   * Returns how many packed weights, or copies of them in workspaces, were read for the first time
   * since this was last asked.
   */
  public int takePacks() {
    int count = packed.size() - packs;
    packs = packed.size();
    return count;
  }

  private void see(Method kernel, Object[] a) {
    switch (kernel.getName()) {
      case "convolve" -> {
        float[] weights = (float[]) a[3];
        if (!transformed.contains(weights)) packed.add(weights);
      }
      case "depthwise" -> packed.add((float[]) a[5]);
      case "winogradWeights" -> {
        packed.add((float[]) a[0]);
        transformed.add((float[]) a[5]);
      }
      default -> {}
    }
  }

  /** Reads the arguments as {@link Kernels} documents them. */
  private static long multiplications(Method kernel, Object[] a) {
    return switch (kernel.getName()) {
      case "convolve" -> (long) number(a[2]) * number(a[11]) * Kernels.BLOCK * number(a[12]);
      case "depthwise" ->
          (long) ((int[]) a[4]).length * Kernels.BLOCK * number(a[13]) * number(a[14]);
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
