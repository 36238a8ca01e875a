package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import java.util.List;

/** Methods by the names that users type. */
final class MethodNames {
  private MethodNames() {}

  /**
   * Returns a method, or a variant of one.
   *
   * @throws UsageException if there is none of that name; the message says which are spelled alike
   */
  static Attributor find(String name) {
    try {
      return Methods.standard().find(name);
    } catch (IllegalArgumentException unknown) {
      List<String> known =
          Methods.standard().allWithVariants().stream().map(Attributor::name).toList();
      throw new UsageException(
          "no method \"" + name + "\"" + Nearest.to(name, known) + " (hedgerow methods lists them)",
          unknown);
    }
  }
}
