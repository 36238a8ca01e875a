package dev.hedgerow.attribution;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Explanation methods by name. Immutable. */
public final class Methods {
  private static final Methods STANDARD =
      new Methods(
          List.of(
              new GradientHedge(),
              new Gradient(),
              new InputGradient(),
              new SmoothGrad(),
              new IntegratedGradients(),
              new GuidedBackprop(),
              new DeconvNet(),
              new GradCam(),
              new GradCamPlusPlus(),
              new ScoreCam(),
              new FullGrad(),
              new GuidedGradCam(),
              new ExcitationBackprop(false),
              new ExcitationBackprop(true),
              Lrp.STANDARD,
              new ContrastiveLrp(ContrastiveLrp.Form.SHARED),
              RelevanceCam.STANDARD,
              new Rap(),
              new Rsp(),
              new Agf(),
              Lrp.DEEP_TAYLOR,
              new Occlusion(),
              new Rise(),
              new RandomMap()));

  private final List<Attributor> all;

  private Methods(List<Attributor> all) {
    this.all = List.copyOf(all);
  }

  /** Returns the library's methods, Gradient Hedge first. */
  public static Methods standard() {
    return STANDARD;
  }

  /**
   * Returns these methods and another.
   *
   * @throws IllegalArgumentException if its name is taken
   */
  public Methods with(Attributor method) {
    if (all.stream().anyMatch(known -> known.name().equals(method.name()))) {
      throw new IllegalArgumentException("there is a method \"" + method.name() + "\" already");
    }
    var more = new ArrayList<>(all);
    more.add(method);
    return new Methods(more);
  }

  /** Returns all methods. */
  public List<Attributor> all() {
    return all;
  }

  /** Returns all methods, each followed by its variants. */
  public List<Attributor> allWithVariants() {
    return all.stream()
        .flatMap(method -> Stream.concat(Stream.of(method), method.variants().stream()))
        .toList();
  }

  /**
   * Returns the method, or the variant of a method, with the given name.
   *
   * @param name {@code gradient-hedge}, or {@code lrp:epsilon-plus} for a variant
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public Attributor find(String name) {
    for (Attributor method : all) {
      if (method.name().equals(name)) return method;
      for (Attributor variant : method.variants()) {
        if (variant.name().equals(name)) return variant;
      }
      if (name.startsWith(method.name() + ":")) {
        throw unknown("variant", name, method.variants());
      }
    }
    throw unknown("method", name, all);
  }

  private static IllegalArgumentException unknown(
      String kind, String name, List<? extends Attributor> known) {
    return new IllegalArgumentException(
        "no %s \"%s\", expected one of %s"
            .formatted(
                kind,
                name,
                known.stream().map(Attributor::name).collect(Collectors.joining(", "))));
  }
}
