package dev.hedgerow.attribution;

import java.util.List;
import java.util.stream.Collectors;

/** Every method, by name. */
public final class Methods {
  private static final List<Method> ALL =
      List.of(new GradientHedge(), new Gradient(), new InputGradient(), new GradCam());

  private Methods() {}

  /** Returns all methods, the library's own first. */
  public static List<Method> all() {
    return ALL;
  }

  /**
   * Returns the method with the given name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public static Method find(String name) {
    for (Method method : ALL) {
      if (method.name().equals(name)) return method;
    }
    throw new IllegalArgumentException(
        "no method \""
            + name
            + "\", expected one of "
            + ALL.stream().map(Method::name).collect(Collectors.joining(", ")));
  }
}
