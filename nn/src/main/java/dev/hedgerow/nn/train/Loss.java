package dev.hedgerow.nn.train;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/** How wrong logits are. */
public enum Loss {
  /**
   * For pictures of any number of classes, {@code Σ_c softplus(y_c) − t_c·y_c}: the cross-entropy
   * of a sigmoid for each class. Targets are 0..1.
   */
  SIGMOID_CROSS_ENTROPY {
    @Override
    double of(float[] y, float[] t, int at, int classes, float[] gradient, double weight) {
      double loss = 0;
      for (int i = at; i < at + classes; i++) {
        double e = Math.exp(-Math.abs(y[i]));
        loss += Math.max(y[i], 0) + Math.log1p(e) - t[i] * y[i];
        double sigmoid = (y[i] >= 0 ? 1 : e) / (1 + e);
        gradient[i] = (float) ((sigmoid - t[i]) * weight);
      }
      return loss;
    }
  },
  /**
   * For pictures of one class, {@code Σ_c t_c·(log Σ_k exp(y_k) − y_c)}: the cross-entropy of a
   * softmax. Targets of a picture add up to 1.
   */
  SOFTMAX_CROSS_ENTROPY {
    @Override
    double of(float[] y, float[] t, int at, int classes, float[] gradient, double weight) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int i = at; i < at + classes; i++) largest = Math.max(largest, y[i]);
      double sum = 0;
      for (int i = at; i < at + classes; i++) sum += Math.exp(y[i] - largest);
      double loss = 0;
      for (int i = at; i < at + classes; i++) {
        loss += t[i] * (largest + Math.log(sum) - y[i]);
        gradient[i] = (float) ((Math.exp(y[i] - largest) / sum - t[i]) * weight);
      }
      return loss;
    }
  };

  /**
   * The loss of a batch.
   *
   * @param value the mean over the pictures
   * @param gradient its derivative by the logits, {@code [N, classes]}
   */
  public record Value(double value, Tensor gradient) {}

  /**
   * Returns the mean loss of a batch.
   *
   * @param logits {@code [N, classes]}; not modified
   * @param targets of the same shape; not modified
   * @throws IllegalArgumentException if the shapes differ
   */
  public Value of(Tensor logits, Tensor targets) {
    Shape shape = logits.shape();
    if (shape.rank() != 2 || shape.size() == 0 || !targets.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "loss: logits are "
              + shape
              + " and targets "
              + targets.shape()
              + ", expected [N, classes] both");
    }
    int pictures = shape.extent(0);
    int classes = shape.extent(1);
    float[] y = logits.toArray();
    float[] t = targets.toArray();
    float[] gradient = new float[y.length];
    double sum = 0;
    for (int n = 0; n < pictures; n++) {
      sum += of(y, t, n * classes, classes, gradient, 1.0 / pictures);
    }
    return new Value(sum / pictures, Tensor.of(shape, gradient));
  }

  /** Returns the loss of one picture, and stores its gradient times {@code weight}. */
  abstract double of(float[] y, float[] t, int at, int classes, float[] gradient, double weight);
}
