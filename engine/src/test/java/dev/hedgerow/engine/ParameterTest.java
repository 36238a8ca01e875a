package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParameterTest {
  private static final float[] VALUES = {1, -2, 3.5f, Float.MIN_VALUE, -0f, 1e30f};

  @Test
  void heapValuesAreKeptInOrder() {
    check(Parameter.of(Shape.of(2, 3), VALUES.clone()));
  }

  @Test
  void mappedValuesMayLieAtAnyOffset(@TempDir Path folder) throws IOException {
    for (int offset = 0; offset < 4; offset++) {
      var bytes = ByteBuffer.allocate(offset + 24).order(ByteOrder.LITTLE_ENDIAN).position(offset);
      for (float value : VALUES) bytes.putFloat(value);
      Path file = Files.write(folder.resolve("values" + offset), bytes.array());
      try (var channel = FileChannel.open(file);
          var arena = Arena.ofConfined()) {
        MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, offset + 24, arena);
        Parameter parameter = Parameter.inPlace(Shape.of(2, 3), mapped.asSlice(offset));
        check(parameter);
        assertNull(parameter.array());
      }
    }
  }

  @Test
  void aHeapSegmentOfBytesWorksAsWell() {
    var bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : VALUES) bytes.putFloat(value);
    check(Parameter.inPlace(Shape.of(2, 3), MemorySegment.ofArray(bytes.array())));
  }

  /** What is given in place may be a part of an array, which is not to be taken for the values. */
  @Test
  void whatIsInPlaceIsNoArray() {
    float[] more = new float[10];
    System.arraycopy(VALUES, 0, more, 2, VALUES.length);
    Parameter part = Parameter.inPlace(Shape.of(2, 3), MemorySegment.ofArray(more).asSlice(8, 24));
    check(part);
    assertNull(part.array());
    float[] whole = VALUES.clone();
    assertSame(whole, Parameter.of(Shape.of(6), whole).reshape(Shape.of(3, 2)).array());
  }

  private static void check(Parameter parameter) {
    assertEquals(Shape.of(2, 3), parameter.shape());
    for (int i = 0; i < VALUES.length; i++) assertEquals(VALUES[i], parameter.get(i));
    assertArrayEquals(VALUES, parameter.toArray());
    float[] to = new float[4];
    parameter.copy(2, to, 1, 3);
    assertArrayEquals(new float[] {0, VALUES[2], VALUES[3], VALUES[4]}, to);
    Parameter reshaped = parameter.reshape(Shape.of(6));
    assertEquals(Shape.of(6), reshaped.shape());
    assertArrayEquals(VALUES, reshaped.toArray());
    Samples.assertRefused(
        "parameter: cannot reshape [2, 3] to [7]", () -> parameter.reshape(Shape.of(7)));
  }

  @Test
  void wrongSizesAreRefused() {
    Samples.assertRefused(
        "parameter: 2 values for shape [3]", () -> Parameter.of(Shape.of(3), 1, 2));
    Samples.assertRefused(
        "parameter: 11 bytes for shape [3]",
        () -> Parameter.inPlace(Shape.of(3), MemorySegment.ofArray(new byte[11])));
  }
}
