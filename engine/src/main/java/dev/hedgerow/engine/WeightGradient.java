package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.List;

/**
 * The gradient of a convolution's weights. A task correlates one block of input channels with one
 * or two blocks of output channels, for every tap, row by row; sums of a run of pixels are added
 * up, which keeps rounding small.
 */
final class WeightGradient {
  /** Pixels of a run that stay in the first-level cache. */
  private static final int RUN = 128;

  /** Tasks that are enough to keep any number of threads busy; few images need few. */
  private static final int TASKS = 32;

  private final Correlation correlation;
  private final boolean depthwise;
  private final int outputs;
  private final int inputs;
  private final int outputsPerGroup;
  private final int inputsPerGroup;
  private final int blocksPerUnit;

  private WeightGradient(Convolution convolution, Correlation correlation) {
    this.correlation = correlation;
    this.depthwise = convolution.isDepthwise();
    this.outputs = convolution.outputs();
    this.inputs = convolution.inputs();
    this.outputsPerGroup = outputs / convolution.groups();
    this.inputsPerGroup = inputs / convolution.groups();
    this.blocksPerUnit = depthwise ? 1 : 2;
  }

  /** See {@link Convolution#weightGradient}; the shapes have been checked. */
  static Parameter of(Engine engine, Convolution convolution, Tensor x, Tensor s) {
    Correlation correlation = Correlation.of(engine, convolution, x, s);
    Shape shape = convolution.weight().shape();
    float[] sum = new WeightGradient(convolution, correlation).sum(engine, shape, s);
    correlation.source.release(engine);
    return Parameter.of(shape, sum);
  }

  private float[] sum(Engine engine, Shape shape, Tensor s) {
    int pairs = Math.ceilDiv(blocks(outputs), blocksPerUnit) * blocks(inputs);
    int images = s.shape().extent(0);
    // Where there are few pairs of blocks, each task takes a part of the images.
    int parts = Math.clamp(Math.ceilDiv(TASKS, pairs), 1, Math.max(1, images));
    float[][] gradients = new float[parts][shape.size()];
    engine.forEach(
        pairs * parts,
        task -> {
          int part = task / pairs;
          int unit = task % pairs / blocks(inputs);
          int block = task % pairs % blocks(inputs);
          int from = images * part / parts;
          int to = images * (part + 1) / parts;
          correlate(engine.kernels(), unit, block, from, to, gradients[part]);
        });
    float[] sum = gradients[0];
    for (float[] part : List.of(gradients).subList(1, parts)) {
      for (int i = 0; i < sum.length; i++) sum[i] += part[i];
    }
    return sum;
  }

  /** Stores the gradient of a unit's weights for a block of input channels, of some images. */
  private void correlate(
      Kernels kernels, int unit, int block, int fromImage, int toImage, float[] gradient) {
    int first = unit * blocksPerUnit;
    int count = Math.min(blocksPerUnit, blocks(outputs) - first);
    int endOutput = Math.min(outputs, (first + count) * BLOCK);
    int endInput = Math.min(inputs, (block + 1) * BLOCK);
    // What the groups of these output channels read.
    int from = first * BLOCK / outputsPerGroup * inputsPerGroup;
    int to = ((endOutput - 1) / outputsPerGroup + 1) * inputsPerGroup;
    if (from >= endInput || to <= block * BLOCK) return;
    int channels = endInput - block * BLOCK;
    float[] sums =
        depthwise
            ? correlation.depthwise(kernels, fromImage, toImage, block)
            : correlation.run(kernels, fromImage, toImage, block, channels, first, count);
    for (int output = first * BLOCK; output < endOutput; output++) {
      int groupStart = output / outputsPerGroup * inputsPerGroup;
      int begin = Math.max(block * BLOCK, groupStart);
      int end = Math.min(endInput, groupStart + inputsPerGroup);
      int lane = output - first * BLOCK;
      for (int input = begin; input < end; input++) {
        int at = output * inputsPerGroup + input - groupStart;
        store(sums, input - block * BLOCK, lane, count * BLOCK, gradient, at);
      }
    }
  }

  /** Stores the taps of the weight that is the given one of all. */
  private void store(float[] sums, int channel, int lane, int lanes, float[] gradient, int weight) {
    int taps = correlation.taps.length;
    int rows = depthwise ? 1 : BLOCK;
    int row = depthwise ? 0 : channel;
    for (int tap = 0; tap < taps; tap++) {
      gradient[weight * taps + tap] = sums[(tap * rows + row) * lanes + lane];
    }
  }

  /** Two tensors, and how the rows of one lie over the rows of the other. */
  private record Correlation(
      PaddedInput source,
      Tensor s,
      int[] taps,
      int rows,
      int columns,
      int rowSource,
      int columnSource) {

    static Correlation of(Engine engine, Convolution convolution, Tensor x, Tensor s) {
      Sweep sweep = Sweep.forward(convolution.window());
      PaddedInput source = PaddedInput.of(engine, sweep, x, s.shape());
      int rows = s.shape().extent(2);
      int columns = s.shape().extent(3);
      int rowSource = sweep.sourceStepY() * source.width() * BLOCK;
      int columnSource = sweep.sourceStepX() * BLOCK;
      // Rows that follow each other without a gap are one long row, which is cut into runs.
      if (rowSource == columns * columnSource) {
        columns *= rows;
        rows = 1;
      }
      return new Correlation(source, s, source.taps(sweep), rows, columns, rowSource, columnSource);
    }

    /** Returns {@code [tap][channel of the input block][output lane]}. */
    float[] run(
        Kernels kernels,
        int fromImage,
        int toImage,
        int block,
        int channels,
        int first,
        int count) {
      int area = s.shape().extent(2) * s.shape().extent(3) * BLOCK;
      int tapSize = BLOCK * count * BLOCK;
      float[] sums = new float[taps.length * tapSize];
      forEachRun(
          fromImage,
          toImage,
          block,
          first,
          (x, at, length) -> {
            for (int tap = 0; tap < taps.length; tap++) {
              kernels.correlate(
                  source.data(),
                  x + taps[tap],
                  columnSource,
                  channels,
                  s.data,
                  at,
                  area,
                  count,
                  length,
                  sums,
                  tap * tapSize);
            }
          });
      return sums;
    }

    /** Returns {@code [tap][lane]}. */
    float[] depthwise(Kernels kernels, int fromImage, int toImage, int block) {
      float[] sums = new float[taps.length * BLOCK];
      forEachRun(
          fromImage,
          toImage,
          block,
          block,
          (x, at, length) -> {
            for (int tap = 0; tap < taps.length; tap++) {
              kernels.correlateDepthwise(
                  source.data(),
                  x + taps[tap],
                  columnSource,
                  s.data,
                  at,
                  length,
                  sums,
                  tap * BLOCK);
            }
          });
      return sums;
    }

    private interface Run {
      void of(int x, int s, int length);
    }

    private void forEachRun(int fromImage, int toImage, int inputBlock, int outputBlock, Run run) {
      int area = s.shape().extent(2) * s.shape().extent(3) * BLOCK;
      for (int image = fromImage; image < toImage; image++) {
        int x = source.block(image, inputBlock) + source.start();
        int at = (image * blocks(s.shape().extent(1)) + outputBlock) * area;
        for (int row = 0; row < rows; row++) {
          for (int column = 0; column < columns; column += RUN) {
            run.of(
                x + row * rowSource + column * columnSource,
                at + (row * columns + column) * BLOCK,
                Math.min(RUN, columns - column));
          }
        }
      }
    }
  }
}
