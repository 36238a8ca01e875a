package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.LayerKind.ACTIVATION;
import static dev.hedgerow.attribution.LayerKind.ADD;
import static dev.hedgerow.attribution.LayerKind.AVERAGE_POOL;
import static dev.hedgerow.attribution.LayerKind.BATCH_NORM;
import static dev.hedgerow.attribution.LayerKind.CONVOLUTION;
import static dev.hedgerow.attribution.LayerKind.INPUT_CONVOLUTION;
import static dev.hedgerow.attribution.LayerKind.MAX_POOL;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;

/** The composites of the literature. */
public final class Composites {
  private Composites() {}

  private static final LinearRule EPSILON = new Epsilon(LinearRule.STABILIZER);

  /** z⁺ without bias and ε: conserves exactly where an output has support. */
  static final LinearRule CONSERVING_Z_PLUS = new WithoutBias(new ZPlus(0));

  /** {@link ZPlus} for convolutions, {@link Epsilon} for fully connected layers. */
  public static final LayerMap EPSILON_PLUS = LayerMap.of(EPSILON).with(CONVOLUTION, new ZPlus());

  /** {@link #EPSILON_PLUS} with {@link Flat} for the convolution that reads the input. */
  public static final LayerMap EPSILON_PLUS_FLAT = EPSILON_PLUS.with(INPUT_CONVOLUTION, new Flat());

  /** {@link AlphaBeta} with α = 2, β = 1 for convolutions, {@link Epsilon} for the others. */
  public static final LayerMap EPSILON_ALPHA2_BETA1 =
      LayerMap.of(EPSILON).with(CONVOLUTION, new AlphaBeta(2, 1));

  /** {@link #EPSILON_ALPHA2_BETA1} with {@link Flat} for the convolution that reads the input. */
  public static final LayerMap EPSILON_ALPHA2_BETA1_FLAT =
      EPSILON_ALPHA2_BETA1.with(INPUT_CONVOLUTION, new Flat());

  /**
   * {@link Gamma} with γ = 0.25 for convolutions, {@link Epsilon} for fully connected layers, and
   * z^B with the image's own box for the convolution that reads the input.
   */
  public static final LayerMap EPSILON_GAMMA_BOX = epsilonGammaBox(ZBox.OF_IMAGE);

  /**
   * Returns {@link #EPSILON_GAMMA_BOX} with a box of the user's.
   *
   * @param low the smallest value a pixel may have after preprocessing
   * @param high the largest
   */
  public static LayerMap epsilonGammaBox(float low, float high) {
    return epsilonGammaBox(new ZBox(low, high));
  }

  private static LayerMap epsilonGammaBox(LinearRule box) {
    return LayerMap.of(EPSILON).with(CONVOLUTION, new Gamma(0.25f)).with(INPUT_CONVOLUTION, box);
  }

  /**
   * z⁺ without bias for all convolutions, fully connected layers and average pools, z^B with the
   * image's box for the convolution that reads the input; batch normalization keeps R where its
   * input is not 0; additions share by magnitude. Every step conserves ΣR where there is support.
   *
   * <p>This is {@code relprop} with α = 1 of the code of RAP, RSP and AGF, but for two things that
   * are unstable there. Additions share by signed value there ({@link Norm} with ε = 0). And where
   * the input of a convolution has both signs, which it never has behind a ReLU, each sign has its
   * own denominator there, and R doubles ({@link Relprop}); here they have one together.
   */
  public static final LayerMap Z_PLUS =
      LayerMap.of(CONSERVING_Z_PLUS)
          .with(INPUT_CONVOLUTION, ZBox.OF_IMAGE)
          .with(AVERAGE_POOL, CONSERVING_Z_PLUS)
          .with(ADD, Rules.ADD_CONSERVING)
          .with(
              BATCH_NORM,
              (engine, node, inputs, r) ->
                  node.layer() instanceof BatchNorm norm
                      ? Rules.batchNorm(norm.normalization()).pass(engine, node, inputs, r)
                      : Rule.Passed.of(r));

  /**
   * The z⁺/z^B composite of deep Taylor decomposition: {@link #Z_PLUS} with batch normalization
   * merged into the convolutions, as the decomposition is of a network of convolutions and ReLUs.
   */
  public static final LayerMap DEEP_TAYLOR = Z_PLUS.withMergedBatchNorm(true);

  /**
   * Contrastive LRP of Gu et al.: {@link #Z_PLUS}, but the maxima of a max pool share equally, and
   * the box of the input is that of ImageNet pixels after normalisation, of all channels together.
   */
  static final LayerMap CONTRASTIVE =
      Z_PLUS
          .with(INPUT_CONVOLUTION, new ZBox(-2.1179f, 2.64f))
          .with(
              MAX_POOL,
              (engine, node, inputs, r) ->
                  Rule.Passed.of(
                      ((MaxPool2d) node.layer())
                          .pool()
                          .reverseShared(engine, r, inputs.getFirst())));

  /**
   * Excitation backprop: probabilities pass over excitatory connections to active inputs, without
   * bias; a ReLU keeps those of active outputs, batch normalization keeps all; average pools and
   * additions share by signed value, additions without ε: {@code x_k / Σx · P}, 0 where Σx is 0.
   */
  public static final LayerMap EXCITATION_BACKPROP =
      LayerMap.of(new Excitation(WeightView.POSITIVE))
          .with(AVERAGE_POOL, new Norm(0))
          .with(ADD, new Norm(0))
          .with(
              ACTIVATION,
              (engine, node, inputs, r) ->
                  // A ReLU may have overwritten its input: what is positive is so before and after.
                  node.layer() instanceof Relu || node.layer() instanceof Clip
                      ? Rule.Passed.of(
                          Elementwise.keepWhereNonZero(
                              engine, r, Elementwise.positive(engine, inputs.getFirst())))
                      : Rule.Passed.of(r))
          .withMergedBatchNorm(false);

  /** {@code R_i = Σ_j (x_i w_ij)⁺ (R_j ⊘ (Σ_k (x_k w_kj)⁺ + 2 b_j))}. */
  static final LinearRule Z_PLUS_WITH_TWICE_THE_BIAS =
      (engine, layer, x, r) ->
          Contributions.raising(engine, layer, x)
              .share(engine, layer.withBias(b -> Elementwise.scale(engine, b, 2)), r, 0);

  /**
   * Relevance-CAM: {@link #Z_PLUS} with the bias of a convolution in the denominator, twice, as in
   * its authors' code.
   */
  static final LayerMap RELEVANCE_CAM = Z_PLUS.with(CONVOLUTION, Z_PLUS_WITH_TWICE_THE_BIAS);
}
