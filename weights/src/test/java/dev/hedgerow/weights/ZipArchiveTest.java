package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.FILE;
import static dev.hedgerow.weights.Samples.ascii;
import static dev.hedgerow.weights.Samples.assertRefused;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.entries;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.npy;
import static dev.hedgerow.weights.Samples.zip;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ZipArchiveTest {
  private static final byte[] ARRAY = npy("<f4", "(2,)", f32(1, 2));
  private static final byte[] STORED = zip(false, Map.of("a.npy", ARRAY));
  private static final byte[] DEFLATED = zip(true, Map.of("a.npy", ARRAY));
  private static final int END = 22;

  /** Where the central directory starts. */
  private static int directory(byte[] archive) {
    return ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN).getInt(archive.length - 6);
  }

  private static byte[] with(byte[] archive, int at, int... bytes) {
    byte[] changed = archive.clone();
    for (int i = 0; i < bytes.length; i++) changed[at + i] = (byte) bytes[i];
    return changed;
  }

  private static ZipArchive read(byte[] bytes) throws FormatException {
    return ZipArchive.read(FILE, MemorySegment.ofArray(bytes));
  }

  private static byte[] bytes(ZipArchive archive, String name) throws FormatException {
    return archive.entry(name).orElseThrow().bytes().toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void readsStoredAndDeflatedEntries() throws IOException {
    assertArrayEquals(ARRAY, bytes(read(STORED), "a.npy"));
    assertArrayEquals(ARRAY, bytes(read(DEFLATED), "a.npy"));
    assertEquals(30 + 5, read(STORED).entry("a.npy").orElseThrow().offset());
    assertTrue(read(STORED).entry("b.npy").isEmpty());
    byte[] folder = zip(false, Map.of("folder/", new byte[0]));
    assertEquals(Set.of(), read(folder).names());
  }

  @Test
  void readsArchivesWithAComment() throws IOException {
    byte[] comment = ascii("PK\u0005\u0006 is how an end starts, and this is a longer comment");
    byte[] file = concat(Arrays.copyOf(STORED, STORED.length - 2), i16(comment.length), comment);
    assertArrayEquals(ARRAY, bytes(read(file), "a.npy"));
  }

  @Test
  void readsThe64BitExtension() throws IOException {
    int directory = directory(STORED);
    byte[] local = Arrays.copyOf(STORED, directory);
    byte[] entry = Arrays.copyOfRange(STORED, directory, STORED.length - END);
    // All three numbers of the entry and all of the end move to their 64-bit places.
    entry = with(entry, 20, 255, 255, 255, 255, 255, 255, 255, 255);
    entry = with(entry, 30, 4 + 2 + 4 + 24);
    entry = with(entry, 42, 255, 255, 255, 255);
    entry = concat(entry, i16(0x7777, 2, 0), i16(1, 24), i64(ARRAY.length, ARRAY.length, 0));
    byte[] end64 =
        concat(
            ascii("PK\u0006\u0006"),
            i64(44),
            i16(45, 45, 0, 0, 0, 0),
            i64(1, 1, entry.length, directory));
    byte[] locator =
        concat(ascii("PK\u0006\u0007"), i16(0, 0), i64(directory + entry.length), i16(1, 0));
    byte[] end = concat(ascii("PK\u0005\u0006"), i16(0, 0, 0xffff, 0xffff), i64(-1), i16(0));
    byte[] file = concat(local, entry, end64, locator, end);
    assertArrayEquals(ARRAY, bytes(read(file), "a.npy"));
    assertArrayEquals(new float[] {1, 2}, Samples.tensor(file, "a"));
    // The same without the extra field.
    byte[] without = with(file, directory + entry.length - 28, 2);
    assertRefused("no 64-bit sizes", without);
    assertRefused("64-bit end record", with(file, directory + entry.length, 'Q'));
    assertRefused("bytes left", with(file, file.length - END - 5, 0xff));
  }

  @Test
  void readsEntriesBeyondFourGigabytes(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("large.npz");
    long at = (1L << 32) + 5;
    byte[] local = Arrays.copyOf(STORED, directory(STORED));
    byte[] entry = Arrays.copyOfRange(STORED, directory(STORED), STORED.length - END);
    entry = with(entry, 30, 12);
    entry = with(entry, 42, 255, 255, 255, 255);
    entry = concat(entry, i16(1, 8), i64(at));
    long directory = at + local.length;
    byte[] end64 =
        concat(
            ascii("PK\u0006\u0006"),
            i64(44),
            i16(45, 45, 0, 0, 0, 0),
            i64(1, 1, entry.length, directory));
    byte[] locator =
        concat(ascii("PK\u0006\u0007"), i16(0, 0), i64(directory + entry.length), i16(1, 0));
    byte[] end = concat(ascii("PK\u0005\u0006"), i16(0, 0, 1, 1, entry.length, 0, -1, -1, 0));
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(local), 0);
      channel.write(ByteBuffer.wrap(concat(local, entry, end64, locator, end)), at);
    }
    var parameter = WeightFile.open(file).parameter("a");
    assertArrayEquals(new float[] {1, 2}, parameter.toArray());
  }

  @Test
  void refusesDamagedArchives() {
    int directory = directory(STORED);
    assertRefused("without its end", Arrays.copyOf(STORED, STORED.length - 1));
    assertRefused("without its end", concat(STORED, new byte[1]));
    assertRefused("central directory outside", with(STORED, STORED.length - 6, 255, 255));
    assertRefused("central directory outside", with(STORED, STORED.length - 10, 255, 255));
    assertRefused("one part of several", with(STORED, STORED.length - 18, 1));
    assertRefused("ends too early", with(STORED, STORED.length - 12, 2));
    assertRefused("no zip directory entry", with(STORED, directory, 'Q'));
    assertRefused("encrypted zip entry a.npy", with(STORED, directory + 8, 1));
    assertRefused("compression method 14", with(STORED, directory + 10, 14));
    assertRefused("with two sizes", with(STORED, directory + 20, 9));
    assertRefused("ends outside", with(STORED, directory + 20, 9, 9, 9, 9, 9, 9, 9, 9));
    assertRefused("ends too early", with(STORED, directory + 28, 255, 255));
    assertRefused("no local zip header", with(STORED, directory + 42, 1));
    assertRefused("bytes left", with(STORED, directory + 42, 255, 255, 255, 127));
    assertRefused("ends outside", with(STORED, 28, 100));
    assertRefused("ends too early", with(STORED, 28, 255, 255));
  }

  @Test
  void refusesTwoEntriesOfOneName() {
    byte[] two = zip(false, new TreeMap<>(Map.of("a.npy", ARRAY, "b.npy", ARRAY)));
    int second = directory(two) + 46 + 5;
    assertRefused("second zip entry a.npy", with(two, second + 46, 'a'));
  }

  @Test
  void refusesDamagedCompression() {
    int data = 30 + 5;
    int directory = directory(DEFLATED);
    assertRefused("has a wrong checksum", with(DEFLATED, directory + 16, 1, 2, 3, 4));
    assertRefused("is damaged", with(DEFLATED, data, 255));
    // One byte more than comes out, and only half of what goes in.
    int size = ARRAY.length;
    assertRefused("ends after " + size + " bytes", with(DEFLATED, directory + 24, size + 1));
    byte[] half = with(DEFLATED, directory + 20, DEFLATED[directory + 20] / 2);
    assertRefused("ends after", half);
  }

  @Test
  void refusesCompressionBombs() {
    byte[] zeros = new byte[80 << 20];
    byte[] bomb = zip(true, Map.of("a.npy", npy("<f4", "(" + (zeros.length >> 2) + ",)", zeros)));
    assertTrue(bomb.length < 1 << 17);
    assertRefused("needs 83886", bomb);
    // Half of it would be decompressed, but not converted as well.
    int half = zeros.length / 2;
    byte[] bytes = Arrays.copyOf(zeros, half);
    assertRefused("needs 209715", zip(true, Map.of("a.npy", npy("|u1", "(" + half + ",)", bytes))));
    byte[] pickle = zip(true, entries(zeros, "little"));
    assertRefused("pickle of 83886080 bytes", pickle);
    var storage = new Storage.Deflated(FILE, "x", MemorySegment.ofArray(bomb), 7, 1L << 40, 0);
    var error = assertThrows(FormatException.class, storage::bytes);
    assertTrue(String.valueOf(error.getMessage()).contains("not a compression bomb"));
  }
}
