package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;

/**
 * The weights of a sweep under one view, in the order the kernel reads them. Unit u computes two
 * blocks of target channels, of a depthwise convolution one, out of source channels from block
 * {@code firstInput[u]} up to {@code endInput[u]}: all, or with groups the range its groups cover,
 * with zero weights between channels of different groups.
 *
 * @param weights for each unit {@code [target block][source block][tap][source channel][target]},
 *     of a depthwise convolution {@code [tap][target]}, from {@link Kernels#ORIGIN} on
 */
record Packing(int[] firstInput, int[] endInput, float[][] weights) {

  static Packing of(
      Engine engine, Convolution convolution, Sweep sweep, WeightView view, boolean reverse) {
    boolean depthwise = convolution.isDepthwise();
    int targets = reverse ? convolution.inputs() : convolution.outputs();
    int sources = reverse ? convolution.outputs() : convolution.inputs();
    int blocksPerUnit = depthwise ? 1 : 2;
    int units = Math.ceilDiv(blocks(targets), blocksPerUnit);
    var packing = new Packing(new int[units], new int[units], new float[units][]);
    int targetsPerGroup = targets / convolution.groups();
    int sourcesPerGroup = sources / convolution.groups();
    engine.forEach(
        units,
        unit -> {
          int first = unit * blocksPerUnit * BLOCK;
          int last = Math.min(targets, first + blocksPerUnit * BLOCK) - 1;
          int firstInput = first / targetsPerGroup * sourcesPerGroup / BLOCK;
          int endInput = blocks((last / targetsPerGroup + 1) * sourcesPerGroup);
          packing.firstInput[unit] = firstInput;
          packing.endInput[unit] = endInput;
          packing.weights[unit] =
              depthwise
                  ? packDepthwise(convolution, sweep, view, first, last)
                  : pack(
                      convolution,
                      sweep,
                      view,
                      reverse,
                      first,
                      last,
                      firstInput * BLOCK,
                      Math.min(sources, endInput * BLOCK));
        });
    return packing;
  }

  private static float[] packDepthwise(
      Convolution convolution, Sweep sweep, WeightView view, int first, int last) {
    int taps = sweep.tapIndex().length;
    int window = convolution.window().height() * convolution.window().width();
    float[] packed = new float[ORIGIN + taps * BLOCK];
    float[] kernel = new float[window];
    for (int channel = first; channel <= last; channel++) {
      convolution.weight().copy(channel * window, kernel, 0, window);
      for (int tap = 0; tap < taps; tap++) {
        packed[ORIGIN + tap * BLOCK + channel - first] = view.of(kernel[sweep.tapIndex()[tap]]);
      }
    }
    return packed;
  }

  private static float[] pack(
      Convolution convolution,
      Sweep sweep,
      WeightView view,
      boolean reverse,
      int firstTarget,
      int lastTarget,
      int firstSource,
      int endSource) {
    int taps = sweep.tapIndex().length;
    int window = convolution.window().height() * convolution.window().width();
    int outputsPerGroup = convolution.outputs() / convolution.groups();
    int inputsPerGroup = convolution.inputs() / convolution.groups();
    int size = (endSource - firstSource) * taps * BLOCK;
    float[] packed = new float[ORIGIN + blocks(lastTarget + 1 - firstTarget) * size];
    // The file's rows are output channels; each is read once, in order.
    int firstOutput = reverse ? firstSource : firstTarget;
    int endOutput = reverse ? endSource : lastTarget + 1;
    int firstInput = reverse ? firstTarget : firstSource;
    int endInput = reverse ? lastTarget + 1 : endSource;
    float[] row = new float[inputsPerGroup * window];
    for (int output = firstOutput; output < endOutput; output++) {
      int groupStart = output / outputsPerGroup * inputsPerGroup;
      int from = Math.max(firstInput, groupStart);
      int to = Math.min(endInput, groupStart + inputsPerGroup);
      if (from >= to) continue;
      int values = (to - from) * window;
      int start = (output * inputsPerGroup + from - groupStart) * window;
      view.show(convolution.weight(), start, row, values);
      for (int input = from, at = 0; input < to; input++, at += window) {
        int source = (reverse ? output : input) - firstSource;
        int target = (reverse ? input : output) - firstTarget;
        int block = source / BLOCK;
        int channels = Math.min(BLOCK, endSource - firstSource - block * BLOCK);
        int first = ORIGIN + (block * BLOCK * taps + source % BLOCK) * BLOCK + target % BLOCK;
        first += target / BLOCK * size;
        spread(row, at, sweep.tapIndex(), packed, first, channels * BLOCK);
      }
    }
    return packed;
  }

  /** Stores the taps of one pair of channels, {@code step} apart. */
  private static void spread(float[] row, int at, int[] taps, float[] packed, int first, int step) {
    for (int tap = 0; tap < taps.length; tap++) packed[first + tap * step] = row[at + taps[tap]];
  }

  int units() {
    return weights.length;
  }

  /**
   * Returns how many blocks of target channels a unit has, unless depthwise; the last may have one.
   */
  static int targetBlocks(int unit, int targets) {
    return Math.min(2, blocks(targets) - 2 * unit);
  }
}
