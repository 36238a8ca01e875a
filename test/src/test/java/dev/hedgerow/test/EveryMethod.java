package dev.hedgerow.test;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import java.util.ArrayList;
import java.util.List;

/** All there is to try. */
final class EveryMethod {
  private EveryMethod() {}

  /** Returns the library's methods, each followed by its variants. */
  static List<Attributor> withVariants() {
    List<Attributor> methods = new ArrayList<>();
    for (Attributor method : Methods.standard().all()) {
      methods.add(method);
      methods.addAll(method.variants());
    }
    return methods;
  }
}
