package dev.hedgerow.weights;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes the fields of a protobuf message. */
final class ProtobufWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Adds a field of wire type 0. */
  ProtobufWriter varint(int field, long value) {
    return tag(field, 0).raw(value);
  }

  /** Adds a field of wire type 5. */
  ProtobufWriter fixed32(int field, float value) {
    return tag(field, 5).little(Float.floatToRawIntBits(value), 4);
  }

  /** Adds a field of wire type 2. */
  ProtobufWriter bytes(int field, byte... value) {
    tag(field, 2).raw(value.length);
    out.writeBytes(value);
    return this;
  }

  ProtobufWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  ProtobufWriter message(int field, ProtobufWriter value) {
    return bytes(field, value.toByteArray());
  }

  ProtobufWriter packedVarints(int field, long... values) {
    var packed = new ProtobufWriter();
    for (long value : values) packed.raw(value);
    return message(field, packed);
  }

  ProtobufWriter packedFloats(int field, float... values) {
    var packed = new ProtobufWriter();
    for (float value : values) packed.little(Float.floatToRawIntBits(value), 4);
    return message(field, packed);
  }

  /** Adds the low bytes of a number, little-endian, without a tag. */
  ProtobufWriter little(long value, int width) {
    for (int i = 0; i < width; i++) out.write((int) (value >>> 8 * i));
    return this;
  }

  /** Adds a varint without a tag. */
  ProtobufWriter raw(long value) {
    long rest = value;
    for (; (rest & ~0x7fL) != 0; rest >>>= 7) out.write((int) (rest & 0x7f | 0x80));
    out.write((int) rest);
    return this;
  }

  ProtobufWriter tag(int field, int wireType) {
    return raw((long) field << 3 | wireType);
  }

  /** Adds fields that are written already. */
  ProtobufWriter append(byte... fields) {
    out.writeBytes(fields);
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }
}
