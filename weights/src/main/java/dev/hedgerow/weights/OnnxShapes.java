package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the operators that only rearrange elements do to shapes: the same for constants and, with
 * the batch as first axis, for layers.
 */
final class OnnxShapes {
  private OnnxShapes() {}

  /** Returns the shape that Reshape asks for; {@code batched} if the first axis is the batch. */
  static Shape reshape(OnnxCall call, Shape input, boolean batched) throws FormatException {
    long[] stated = call.integers(1);
    long[] wanted = stated.clone();
    boolean zeroIsZero = call.opset() >= 14 && call.flag("allowzero", false);
    if (batched && wanted.length > 0) wanted[0] = call.perImage(wanted[0]);
    int open = -1;
    long known = 1;
    for (int axis = 0; axis < wanted.length; axis++) {
      if (wanted[axis] == 0 && !zeroIsZero && axis < input.rank()) {
        wanted[axis] = input.extent(axis);
      }
      if (wanted[axis] == -1 && open < 0) {
        open = axis;
      } else if (wanted[axis] < 0 || wanted[axis] > Integer.MAX_VALUE) {
        throw mismatch(call, input, stated);
      } else {
        known = Math.multiplyExact(known, wanted[axis]);
      }
    }
    if (open >= 0) {
      if (known == 0) throw mismatch(call, input, stated);
      wanted[open] = input.size() / known;
      known *= wanted[open];
    }
    if (known != input.size()) throw mismatch(call, input, stated);
    return call.shapeOf(wanted);
  }

  private static FormatException mismatch(OnnxCall call, Shape input, long[] stated) {
    return call.error("input is " + input + " but the shape is " + OnnxCall.text(stated));
  }

  /** Returns the shape that Flatten gives. */
  static Shape flatten(OnnxCall call, Shape input) throws FormatException {
    long stated = call.integer("axis", 1);
    int axis = stated == input.rank() ? input.rank() : call.axis(stated, input.rank());
    long rows = 1;
    for (int i = 0; i < axis; i++) rows *= input.extent(i);
    long columns = 1;
    for (int i = axis; i < input.rank(); i++) columns *= input.extent(i);
    return call.shapeOf(rows, columns);
  }

  /** Returns the shape without the axes that Squeeze names; never without the batch axis. */
  static Shape squeeze(OnnxCall call, Shape input, boolean batched) throws FormatException {
    boolean[] dropped = new boolean[input.rank()];
    long[] axes = axes(call);
    if (axes == null) {
      for (int axis = batched ? 1 : 0; axis < dropped.length; axis++) {
        dropped[axis] = input.extent(axis) == 1;
      }
    } else {
      for (long stated : axes) {
        int axis = call.axis(stated, input.rank());
        if (input.extent(axis) != 1 || (batched && axis == 0)) {
          throw call.error("axis " + stated + " of input " + input, "one of extent 1");
        }
        dropped[axis] = true;
      }
    }
    long[] kept = new long[input.rank()];
    int rank = 0;
    for (int axis = 0; axis < dropped.length; axis++) {
      if (!dropped[axis]) kept[rank++] = input.extent(axis);
    }
    return call.shapeOf(Arrays.copyOf(kept, rank));
  }

  /** Returns the shape with the axes of extent 1 that Unsqueeze names. */
  static Shape unsqueeze(OnnxCall call, Shape input) throws FormatException {
    long[] axes = axes(call);
    if (axes == null) throw call.error("axes are missing");
    long[] result = new long[call.shapeOf(new long[axes.length]).rank() + input.rank()];
    for (long stated : axes) {
      int axis = call.axis(stated, result.length);
      if (result[axis] == 1) throw call.error("axis " + stated + " is named twice");
      result[axis] = 1;
    }
    int from = 0;
    for (int axis = 0; axis < result.length; axis++) {
      if (result[axis] == 0) result[axis] = input.extent(from++);
    }
    return call.shapeOf(result);
  }

  /** Returns the axes: an attribute until operator set 12, an input since. */
  private static long @Nullable [] axes(OnnxCall call) throws FormatException {
    if (call.opset() < 13) return call.integers("axes");
    return call.has(1) ? call.integers(1) : null;
  }

  /** Returns the order of axes that Transpose asks for. */
  static int[] permutation(OnnxCall call, Shape input) throws FormatException {
    int rank = input.rank();
    long[] stated = call.integers("perm");
    int[] permutation = new int[rank];
    if (stated == null) {
      for (int axis = 0; axis < rank; axis++) permutation[axis] = rank - 1 - axis;
      return permutation;
    }
    boolean[] seen = new boolean[rank];
    int distinct = 0;
    for (int axis = 0; axis < rank && stated.length == rank; axis++) {
      int from = call.axis(stated[axis], rank);
      if (!seen[from]) distinct++;
      seen[from] = true;
      permutation[axis] = from;
    }
    if (stated.length != rank || distinct != rank) {
      throw call.error("perm is " + OnnxCall.text(stated), "each axis of input " + input + " once");
    }
    return permutation;
  }
}
