package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Parameter;
import org.jspecify.annotations.Nullable;

/** A layer with learned weights that mix its inputs. */
public sealed interface WeightedLayer extends Layer permits Conv2d, Linear {
  /** Returns the linear map, without the bias. */
  LinearOperator operator();

  /** Returns the bias, one number an output channel; null if there is none. */
  @Nullable Parameter bias();
}
