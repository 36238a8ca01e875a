package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * Writes safetensors. The values start at a multiple of eight bytes and tensors of wide elements
 * come first, so that every element is aligned.
 */
final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;

  private SafetensorsWriter() {}

  static void write(SeekableByteChannel channel, List<Conversion.Item> items, Conversion conversion)
      throws IOException {
    List<Conversion.Item> ordered =
        items.stream().sorted(Comparator.comparingInt(item -> -item.type().bits())).toList();
    byte[] header = header(ordered).getBytes(StandardCharsets.UTF_8);
    var prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    PartFile.writeFully(channel, prefix.putLong(header.length).flip());
    PartFile.writeFully(channel, ByteBuffer.wrap(header));
    for (Conversion.Item item : ordered) conversion.write(channel, item, bytes -> {});
  }

  private static String header(List<Conversion.Item> items) {
    var json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    long at = 0;
    for (Conversion.Item item : items) {
      quote(item.name(), json.append(','));
      json.append(":{\"dtype\":\"")
          .append(item.type())
          .append("\",\"shape\":")
          .append(item.tensor().info().shape().toString().replace(" ", ""))
          .append(",\"data_offsets\":[")
          .append(at)
          .append(',')
          .append(at += item.size())
          .append("]}");
    }
    json.append('}');
    int length = json.toString().getBytes(StandardCharsets.UTF_8).length;
    return json.append(" ".repeat(Math.floorMod(-length, ALIGNMENT))).toString();
  }

  private static void quote(String text, StringBuilder json) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') json.append('\\').append(c);
      else if (c < ' ' || Character.isSurrogate(c)) json.append("\\u%04x".formatted((int) c));
      else json.append(c);
    }
    json.append('"');
  }
}
