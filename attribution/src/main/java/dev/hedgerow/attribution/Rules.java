package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;

import dev.hedgerow.attribution.Rule.Passed;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules without parameters of a paper: how relevance passes everything but convolutions. */
public final class Rules {
  /** Keeps the shares of pools and additions defined, and uniform, where all is zero. */
  private static final float SHIFT = 1e-9f;

  private Rules() {}

  /**
   * Returns the rule of a layer that neither mixes nor weighs: element-wise layers pass R
   * unchanged, layers that move elements send it back to where the elements came from.
   *
   * @throws IllegalArgumentException if the layer is another; the message names method and node
   */
  public static Rule passive(String method, Node node) {
    return switch (node.layer()) {
      case Relu relu -> UNCHANGED;
      case Clip clip -> UNCHANGED;
      case Lrn lrn -> UNCHANGED;
      case Identity identity -> UNCHANGED;
      case Affine affine -> UNCHANGED;
      case Flatten flatten -> ADJOINT;
      case Reshape reshape -> ADJOINT;
      case Transpose transpose -> ADJOINT;
      case Slice slice -> ADJOINT;
      case Pad pad -> ADJOINT;
      default ->
          throw new IllegalArgumentException(
              "%s has no rule for layer \"%s\" (%s) below the start layer"
                  .formatted(method, node.name(), node.layer().getClass().getSimpleName()));
    };
  }

  /** R unchanged: element-wise layers. */
  public static final Rule UNCHANGED = (engine, node, inputs, r) -> Passed.of(r);

  /** Values go back where they came from: layers that move elements. */
  public static final Rule ADJOINT =
      (engine, node, inputs, r) -> {
        // The gradient of a layer that moves elements reads shapes alone.
        return Passed.of(node.layer().gradient(engine, inputs, r, r));
      };

  /** R where {@code x · scale ≠ 0}, else 0. */
  public static Rule batchNorm(BatchNormalization normalization) {
    return (engine, node, inputs, r) -> {
      Tensor scaled = normalization.reverse(engine, inputs.getFirst());
      Tensor kept = Elementwise.keepWhereNonZero(engine, r, scaled);
      engine.recycle(scaled);
      return Passed.of(kept);
    };
  }

  /** All to the first maximum of each window. */
  public static Rule maxPool(MaxPool pool) {
    return (engine, node, inputs, r) -> Passed.of(pool.reverse(engine, r, inputs.getFirst()));
  }

  /** {@code J(x⁺ + 1e-9, uniform, R)}: in proportion to activation. */
  public static Rule averagePool(LinearOperator pool) {
    return (engine, node, inputs, r) -> {
      Tensor a = Elementwise.shift(engine, Elementwise.positive(engine, inputs.getFirst()), SHIFT);
      return Passed.of(j(engine, pool, a, WeightView.PLAIN, r).relevance());
    };
  }

  /** {@code J(|x|, |w|, R)}: in proportion to the magnitude of contributions. */
  static Rule magnitudes(LinearOperator operator) {
    return (engine, node, inputs, r) -> {
      Tensor x = Elementwise.absolute(engine, inputs.getFirst());
      return Passed.of(j(engine, operator, x, WeightView.ABSOLUTE, r).relevance());
    };
  }

  /** Split by channel; entries with x = 0 get 0. */
  public static final Rule CONCAT =
      (engine, node, inputs, r) -> {
        List<Tensor> parts = node.layer().gradient(engine, inputs, r, r);
        var kept = new ArrayList<Tensor>(parts.size());
        for (int k = 0; k < parts.size(); k++) {
          Tensor part = parts.get(k);
          kept.add(Elementwise.keepWhereNonZero(engine, part, inputs.get(k)));
          engine.recycle(part);
        }
        return Passed.of(kept);
      };

  /** All to the branch {@link Branches#heaviest}. */
  public static final Rule ADD_PUBLISHED =
      (engine, node, inputs, r) -> {
        var parts = new @Nullable Tensor[inputs.size()];
        parts[Branches.heaviest(node)] = r;
        return Passed.of(Arrays.asList(parts));
      };

  /** {@code R_k = R · |x_k| / Σ|x_k|}; equal shares where all are 0. */
  public static final Rule ADD_CONSERVING =
      (engine, node, inputs, r) -> {
        var magnitudes = new ArrayList<Tensor>(inputs.size());
        for (Tensor x : inputs) magnitudes.add(Elementwise.absolute(engine, x));
        Tensor total = sum(engine, magnitudes);
        Tensor supported = Elementwise.keepWhereSupported(engine, r, total);
        Tensor rest = Elementwise.subtract(engine, r, supported);
        Tensor equalShare = Elementwise.scale(engine, rest, 1.0 / inputs.size());
        Tensor perMagnitude = Elementwise.quotient(engine, r, total);
        var parts = new ArrayList<Tensor>(inputs.size());
        for (Tensor magnitude : magnitudes) {
          parts.add(
              Elementwise.add(
                  engine, Elementwise.multiply(engine, perMagnitude, magnitude), equalShare));
        }
        return Passed.of(parts);
      };

  /**
   * All to the signal of a product, nothing to its gate (Arras et al., Explaining Recurrent Neural
   * Network Predictions in Sentiment Analysis). The gate is the input with one number a channel, or
   * that a sigmoid, a clip or a softmax made; without one all inputs get the same.
   */
  public static final Rule GATE =
      (engine, node, inputs, r) -> {
        boolean[] whole = new boolean[inputs.size()];
        boolean[] signal = new boolean[inputs.size()];
        for (int k = 0; k < whole.length; k++) {
          whole[k] = inputs.get(k).shape().equals(r.shape());
          signal[k] = whole[k] && !isGate(node.inputs().get(k));
        }
        boolean[] taking = count(signal) > 0 ? signal : whole;
        Tensor share = Elementwise.scale(engine, r, 1.0 / count(taking));
        var parts = new @Nullable Tensor[inputs.size()];
        for (int k = 0; k < parts.length; k++) parts[k] = taking[k] ? share : null;
        return Passed.of(parts);
      };

  private static int count(boolean[] flags) {
    int count = 0;
    for (boolean flag : flags) if (flag) count++;
    return count;
  }

  private static boolean isGate(Node node) {
    Node source = node;
    while (source.layer() instanceof Affine || source.layer() instanceof Identity) {
      source = source.input();
    }
    return source.layer() instanceof Sigmoid
        || source.layer() instanceof Softmax
        || source.layer() instanceof Clip;
  }

  /** {@code R_k = R · (x_k⁺ + ε) / Σ(x_k⁺ + ε)}, ε = 1e-9. */
  static final Rule ADD_POSITIVE =
      (engine, node, inputs, r) -> {
        var positive = new ArrayList<Tensor>(inputs.size());
        for (Tensor x : inputs) {
          Tensor part = Elementwise.positive(engine, x);
          positive.add(Elementwise.shift(engine, part, SHIFT));
        }
        return inProportion(engine, positive, r);
      };

  /**
   * {@code R_k = x_k · (R ⊘ Σx_k)}: grows without bound where inputs cancel. Of 20 pictures on a
   * trained CIFAR ResNet-56, RAP's Σ|R| grew up to 1,900-fold from the logit to the image with this
   * and 22-fold with {@link #ADD_CONSERVING}; one pixel held up to 8% of AGF's map, and 0.5%.
   */
  static final Rule ADD_SIGNED = (engine, node, inputs, r) -> inProportion(engine, inputs, r);

  private static Passed inProportion(Engine engine, List<Tensor> shares, Tensor r) {
    Tensor perShare = Elementwise.quotientInPlace(engine, r, sum(engine, shares));
    var parts = new ArrayList<Tensor>(shares.size());
    for (Tensor share : shares) parts.add(Elementwise.multiply(engine, perShare, share));
    return Passed.of(parts);
  }

  private static Tensor sum(Engine engine, List<Tensor> tensors) {
    Tensor sum = Elementwise.add(engine, tensors.get(0), tensors.get(1));
    for (Tensor next : tensors.subList(2, tensors.size())) {
      Elementwise.addInPlace(engine, sum, next);
    }
    return sum;
  }
}
