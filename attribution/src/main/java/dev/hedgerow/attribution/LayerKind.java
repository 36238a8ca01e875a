package dev.hedgerow.attribution;

import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Subtract;
import dev.hedgerow.nn.layer.Transpose;

/** The kinds of layers that a {@link LayerMap} gives rules to. */
public enum LayerKind {
  /**
   * A convolution that reads the network's input; only preprocessing stands between ({@link
   * InputConvolutions}). Without a rule of its own it is a {@link #CONVOLUTION}.
   */
  INPUT_CONVOLUTION,
  /** Any other convolution. */
  CONVOLUTION,
  /** A fully connected layer. */
  LINEAR,
  /** A batch normalization that is not merged with the layer before it. */
  BATCH_NORM,
  /** ReLU, ReLU6, leaky ReLU, sigmoid, hard swish, softmax. */
  ACTIVATION,
  /** What scales and shifts elements: constants, local response normalization, dropout. */
  RESCALING,
  /** The largest value of a window. */
  MAX_POOL,
  /** The mean of a window, or of the image. */
  AVERAGE_POOL,
  /** A sum of inputs: the end of a residual block. */
  ADD,
  /** A difference of inputs. */
  SUBTRACT,
  /** Inputs side by side. */
  CONCAT,
  /** A product of inputs: a gate. */
  MULTIPLY,
  /** What moves elements: flatten, reshape, transpose, slice, pad. */
  STRUCTURE;

  /** Returns the kind of a layer, wherever it stands. */
  static LayerKind of(Layer layer) {
    return switch (layer) {
      case Conv2d conv -> CONVOLUTION;
      case Linear linear -> LINEAR;
      case BatchNorm norm -> BATCH_NORM;
      case Relu relu -> ACTIVATION;
      case Clip clip -> ACTIVATION;
      case LeakyRelu leaky -> ACTIVATION;
      case Sigmoid sigmoid -> ACTIVATION;
      case HardSwish swish -> ACTIVATION;
      case Softmax softmax -> ACTIVATION;
      case Affine affine -> RESCALING;
      case Lrn lrn -> RESCALING;
      case Identity identity -> RESCALING;
      case MaxPool2d max -> MAX_POOL;
      case AveragePool2d average -> AVERAGE_POOL;
      case AdaptiveAveragePool2d average -> AVERAGE_POOL;
      case Add add -> ADD;
      case Subtract subtract -> SUBTRACT;
      case Concat concat -> CONCAT;
      case Multiply multiply -> MULTIPLY;
      case Flatten flatten -> STRUCTURE;
      case Reshape reshape -> STRUCTURE;
      case Transpose transpose -> STRUCTURE;
      case Slice slice -> STRUCTURE;
      case Pad pad -> STRUCTURE;
      case Input input -> STRUCTURE;
    };
  }
}
