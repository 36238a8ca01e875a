package dev.hedgerow.attribution;

import static dev.hedgerow.engine.WeightView.PLAIN;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.List;

/**
 * The rule of Relative Sectional Propagation for a weighted layer that does not read the network's
 * input. Each section of relevance, {@code P = R⁺} and {@code M = −R⁻}, is shared by weights of its
 * own, which are not the layer's but the correlation of the layer's input with that section:
 *
 * <pre>
 * g⁺   = ∂⟨f(x⁺, w), P⟩/∂w,   g⁻ = ∂⟨f(x⁺, w), M⟩/∂w
 * C    = 2 (J(x⁺, g⁺, P) − J(x⁺, g⁻, M))
 * R_in = C − ΣR / #{i : C_i ≠ 0} where C ≠ 0
 * </pre>
 *
 * so that {@code ΣR_in + leak = ΣR}. A 1×1 kernel, or a linear layer, has no factor and no shift:
 * {@code R_in = J(x⁺, g⁺, P) − J(x⁺, g⁻, M)}.
 *
 * @param layer the layer
 * @param sectional whether C is doubled and shifted: the kernel is larger than 1×1
 */
record RspRule(WeightedLayer layer, boolean sectional) implements Rule {

  static RspRule of(WeightedLayer layer) {
    return new RspRule(
        layer, layer instanceof Conv2d conv && !conv.convolution().window().isPoint());
  }

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = Elementwise.positive(engine, inputs.getFirst());
    Tensor c = section(engine, x, Elementwise.positive(engine, r));
    Elementwise.addInPlace(engine, c, section(engine, x, Elementwise.negative(engine, r)));
    if (sectional) {
      Elementwise.scaleInPlace(engine, c, 2);
      long placed = Reductions.countNonZero(engine, c);
      if (placed > 0) {
        double psi = Reductions.sum(engine, r) / placed;
        Elementwise.subtractWhereNonZeroInPlace(engine, c, (float) psi);
      }
    }
    return Passed.of(c);
  }

  /**
   * {@code J(x⁺, g, section)} with {@code g = ∂⟨f(x⁺, w), section⟩/∂w}; the sign of g cancels, so a
   * negative section gives −J(x⁺, g⁻, M).
   */
  private Tensor section(Engine engine, Tensor x, Tensor section) {
    return Redistribution.j(engine, hostile(engine, x, section), x, PLAIN, section).relevance();
  }

  /** The layer with the hostile weights of a section. */
  private LinearOperator hostile(Engine engine, Tensor x, Tensor section) {
    return switch (layer) {
      case Conv2d(Convolution convolution) -> {
        Parameter g = convolution.weightGradient(engine, x, section);
        yield Convolution.of(g, null, convolution.window(), convolution.groups());
      }
      case Linear(Dense dense) -> Dense.of(dense.weightGradient(engine, x, section), null);
    };
  }
}
