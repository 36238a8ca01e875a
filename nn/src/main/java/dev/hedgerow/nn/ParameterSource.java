package dev.hedgerow.nn;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;

/** Where a model family takes its parameters from. */
@FunctionalInterface
public interface ParameterSource {
  /**
   * Returns the parameter with the given name.
   *
   * @param name torchvision's name: {@code layer1.0.conv1.weight}
   * @param shape the shape the family needs
   */
  Parameter parameter(String name, Shape shape);
}
