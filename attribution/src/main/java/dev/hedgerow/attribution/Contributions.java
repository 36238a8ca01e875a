package dev.hedgerow.attribution;

import static dev.hedgerow.engine.WeightView.NEGATIVE;
import static dev.hedgerow.engine.WeightView.PLAIN;
import static dev.hedgerow.engine.WeightView.POSITIVE;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import java.util.Arrays;
import java.util.List;

/**
 * What each input i contributes to each output j of a linear map, {@code c_ij = Σ_m a_i v_ij} over
 * terms m of a factor a at the input and a view v of the weights. Every linear rule counts some
 * contributions, and shares R in proportion to them.
 */
record Contributions(LinearOperator operator, List<Term> terms) {

  /** The products {@code a_i v_ij}. */
  record Term(Tensor a, WeightView v) {}

  private static Contributions of(LinearMap layer, Term... terms) {
    return new Contributions(layer.operator(), List.of(terms));
  }

  /** All of them, {@code x w}. */
  static Contributions plain(LinearMap layer, Tensor x) {
    return of(layer, new Term(x, PLAIN));
  }

  /** Those that raise the output, {@code x⁺w⁺ + x⁻w⁻}. */
  static Contributions raising(Engine engine, LinearMap layer, Tensor x) {
    return signed(engine, layer, x, POSITIVE, NEGATIVE);
  }

  /** Those that lower the output, {@code x⁺w⁻ + x⁻w⁺}. */
  static Contributions lowering(Engine engine, LinearMap layer, Tensor x) {
    return signed(engine, layer, x, NEGATIVE, POSITIVE);
  }

  private static Contributions signed(
      Engine engine, LinearMap layer, Tensor x, WeightView ofPositive, WeightView ofNegative) {
    Term positive = new Term(Elementwise.positive(engine, x), ofPositive);
    if (Reductions.signedSums(engine, x).negative() == 0) return of(layer, positive);
    return of(layer, positive, new Term(Elementwise.negative(engine, x), ofNegative));
  }

  /** Of a box {@code l ≤ x ≤ h}, {@code (x − l) w⁺ + (x − h) w⁻}. */
  static Contributions box(Engine engine, LinearMap layer, Tensor x, float low, float high) {
    return of(
        layer,
        new Term(Elementwise.shift(engine, x, -low), POSITIVE),
        new Term(Elementwise.shift(engine, x, -high), NEGATIVE));
  }

  /** The same whatever the input, {@code 1 v}. */
  static Contributions constant(LinearMap layer, Shape input, WeightView v) {
    float[] ones = new float[input.size()];
    Arrays.fill(ones, 1);
    return of(layer, new Term(Tensor.of(input, ones), v));
  }

  /** Returns {@code z_j = Σ_i c_ij}. */
  Tensor sum(Engine engine) {
    Tensor z = operator.forward(engine, terms.getFirst().v, terms.getFirst().a);
    for (Term term : terms.subList(1, terms.size())) {
      Elementwise.addInPlace(engine, z, operator.forward(engine, term.v, term.a));
    }
    return z;
  }

  /** Returns {@code Σ_j c_ij s_j}. */
  Tensor share(Engine engine, Tensor s) {
    Tensor sum = share(engine, terms.getFirst(), s);
    for (Term term : terms.subList(1, terms.size())) {
      Elementwise.addInPlace(engine, sum, share(engine, term, s));
    }
    return sum;
  }

  private Tensor share(Engine engine, Term term, Tensor s) {
    Tensor back = operator.reverse(engine, term.v, s, term.a.shape());
    return Elementwise.multiplyInPlace(engine, back, term.a);
  }

  /**
   * Returns R in proportion, {@code Σ_j c_ij R_j / (z_j + b_j ± ε)}, ± the denominator's sign; with
   * ε = 0 an output without denominator shares nothing.
   *
   * @param bias b is that of this map
   */
  Tensor share(Engine engine, LinearMap bias, Tensor r, float epsilon) {
    return shareAll(engine, bias, List.of(r), epsilon).getFirst();
  }

  /** Returns each R in proportion, as {@link #share}; the denominators are computed once. */
  List<Tensor> shareAll(Engine engine, LinearMap bias, List<Tensor> rs, float epsilon) {
    Tensor z = bias.addBias(engine, sum(engine));
    if (epsilon > 0) Elementwise.stabilizeInPlace(engine, z, epsilon);
    List<Tensor> shared =
        rs.stream().map(r -> share(engine, Elementwise.quotient(engine, r, z))).toList();
    engine.recycle(z);
    return shared;
  }

  /** Returns R in proportion to each term alone, {@code Σ_m J(a, v, R)}. */
  Tensor shareByTerm(Engine engine, Tensor r) {
    return terms.stream()
        .map(term -> Redistribution.j(engine, operator, term.a, term.v, r).relevance())
        .reduce((sum, part) -> Elementwise.addInPlace(engine, sum, part))
        .orElseThrow();
  }

  /** Stores {@code R / (z ± ε)} in z, ± the sign of z, + for 0; with ε = 0, {@code R ⊘ z}. */
  static Tensor quotient(Engine engine, Tensor r, Tensor z, float epsilon) {
    if (epsilon > 0) Elementwise.stabilizeInPlace(engine, z, epsilon);
    return Elementwise.quotientInPlace(engine, r, z);
  }
}
