package dev.hedgerow.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles of protocol 2, instruction by instruction. */
final class PickleWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  PickleWriter() {
    raw(0x80, 2);
  }

  /** Writes bytes as they are: {@code '('} is a mark, {@code 't'} a tuple of what follows it. */
  PickleWriter raw(int... bytes) {
    for (int b : bytes) out.write(b);
    return this;
  }

  /** Writes instructions that are characters. */
  PickleWriter raw(String instructions) {
    out.writeBytes(instructions.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  PickleWriter text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    raw('X').little(bytes.length, 4);
    out.writeBytes(bytes);
    return this;
  }

  PickleWriter integer(long value) {
    if (value >= 0 && value < 256) return raw('K', (int) value);
    if (value == (int) value) return raw('J').little(value, 4);
    return raw(0x8a, 8).little(value, 8);
  }

  PickleWriter integers(long... values) {
    raw('(');
    for (long value : values) integer(value);
    return raw('t');
  }

  PickleWriter global(String module, String name) {
    return raw("c" + module + "\n" + name + "\n");
  }

  /** Writes a persistent id: {@code ('storage', torch.TYPE, key, 'cpu', count)}. */
  PickleWriter storage(String type, String key, long count) {
    return raw('(')
        .text("storage")
        .global("torch", type)
        .text(key)
        .text("cpu")
        .integer(count)
        .raw("tQ");
  }

  /** Writes a call of {@code torch._utils._rebuild_tensor_v2}. */
  PickleWriter tensor(String type, String key, long count, long first, long[] size, long[] stride) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .raw('(')
        .storage(type, key, count)
        .integer(first)
        .integers(size)
        .integers(stride)
        .raw(0x89)
        .orderedDict()
        .raw("tR");
  }

  /** Writes a tensor that is the whole of its storage, in row-major order. */
  PickleWriter tensor(String type, String key, long... size) {
    long[] stride = new long[size.length];
    long count = 1;
    for (int axis = size.length - 1; axis >= 0; axis--) {
      stride[axis] = count;
      count *= size[axis];
    }
    return tensor(type, key, count, 0, size, stride);
  }

  PickleWriter orderedDict() {
    return global("collections", "OrderedDict").raw(")R");
  }

  PickleWriter little(long value, int width) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    out.write(bytes, 0, width);
    return this;
  }

  /** Ends the pickle and returns it. */
  byte[] stop() {
    raw('.');
    return out.toByteArray();
  }
}
