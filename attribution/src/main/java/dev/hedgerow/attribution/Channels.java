package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/** What a map shows of the channels of relevance. */
enum Channels {
  /** {@code Σ_c R_c}. */
  SUM {
    @Override
    float combine(float map, float relevance) {
      return map + relevance;
    }
  },
  /** {@code Σ_c |R_c|}. */
  MAGNITUDE {
    @Override
    float combine(float map, float relevance) {
      return map + Math.abs(relevance);
    }
  },
  /** {@code max_c |R_c|}. */
  LARGEST {
    @Override
    float combine(float map, float relevance) {
      return Math.max(map, Math.abs(relevance));
    }
  };

  abstract float combine(float map, float relevance);

  /**
   * Returns the map, {@code [H, W]}.
   *
   * @param relevance of one image, {@code [1, C, H, W]}; not modified
   */
  Tensor map(Engine engine, Tensor relevance) {
    return Reductions.overChannels(engine, relevance, this::combine);
  }

  /** Returns relevance {@code [1, C]} as {@code [1, C, 1, 1]}, and that of images as it is. */
  static Tensor spatial(Tensor relevance) {
    Shape shape = relevance.shape();
    return shape.rank() == 2
        ? relevance.reshape(Shape.of(shape.extent(0), shape.extent(1), 1, 1))
        : relevance;
  }
}
