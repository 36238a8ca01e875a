package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Broken variants of valid files, the same for the same seed: truncation, bit flips, inserted,
 * deleted and repeated bytes, binary and decimal numbers changed to extremes, and splices of two
 * files; one to four of these at once.
 */
final class Mutations {
  /** What a reader may allocate above the size of its input, in bytes. */
  static final long ALLOWANCE = 64L << 20;

  /** What reading one input may take, in nanoseconds of processor time. */
  static final long TIME_LIMIT = 1_000_000_000L;

  private static final long[] EXTREMES = {
    0,
    1,
    2,
    -1,
    -2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    0x1_0000_0000L,
    0x4000_0000L,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    1L << 61,
    1L << 40
  };
  private static final String[] EXTREME_NUMBERS = {
    "0",
    "-1",
    "1",
    "65536",
    "2147483647",
    "2147483648",
    "4294967296",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e9",
    "0.5",
    "00",
    "99999999999999999999999999999999"
  };

  private final SplittableRandom random;

  Mutations(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Reads a whole input, all of its tensors included. */
  @FunctionalInterface
  interface Reader {
    void read(byte[] input) throws IOException;
  }

  /**
   * Feeds mutations of valid inputs to a reader: each must be read or be refused by a {@link
   * FormatException}, within {@link #TIME_LIMIT} and with at most its size and {@link #ALLOWANCE}
   * allocated.
   *
   * @return how many inputs were read without an error
   */
  static int check(long seed, int inputs, List<byte[]> valid, Reader reader) throws IOException {
    var mutations = new Mutations(seed);
    for (byte[] input : valid) reader.read(input);
    int read = 0;
    for (int i = 0; i < inputs; i++) {
      byte[] original = valid.get(i % valid.size());
      byte[] input = mutations.mutate(original, valid.get(mutations.random.nextInt(valid.size())));
      if (read("input " + i + " of seed " + seed, input, reader)) read++;
    }
    return read;
  }

  /**
   * Feeds one input to a reader, under the conditions of {@link #check}.
   *
   * @param what the input is, for failures
   * @return whether it was read
   */
  static boolean read(String what, byte[] input, Reader reader) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    boolean read = false;
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long time = threads.getCurrentThreadCpuTime();
    try {
      reader.read(input);
      read = true;
    } catch (FormatException e) {
      assertTrue(String.valueOf(e.getMessage()).lines().count() == 1, () -> "not one line: " + e);
    } catch (IOException | RuntimeException | Error e) {
      fail(what + ": " + e + ", from " + show(input), e);
    }
    time = threads.getCurrentThreadCpuTime() - time;
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    if (time > TIME_LIMIT) fail(what + " took " + time + " ns, from " + show(input));
    if (allocated > input.length + ALLOWANCE) {
      fail(what + " took " + allocated + " bytes, from " + show(input));
    }
    return read;
  }

  /**
   * Returns a mutation.
   *
   * @param original the bytes to change; not written to
   * @param donor bytes to splice in; not written to
   */
  byte[] mutate(byte[] original, byte[] donor) {
    byte[] bytes = original.clone();
    int changes = random.nextBoolean() ? 1 : 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) bytes = change(bytes, donor);
    return bytes;
  }

  private byte[] change(byte[] bytes, byte[] donor) {
    if (bytes.length == 0) return donor.clone();
    int at = position(bytes.length);
    return switch (random.nextInt(13)) {
      case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1, 2, 3 -> {
        int flips = 1 + random.nextInt(3);
        for (int i = 0; i < flips; i++) {
          bytes[position(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        yield bytes;
      }
      case 4 -> {
        bytes[at] = (byte) random.nextInt(256);
        yield bytes;
      }
      case 5 -> {
        byte[] inserted = new byte[1 + random.nextInt(16)];
        if (random.nextBoolean()) random.nextBytes(inserted);
        yield replace(bytes, at, at, inserted);
      }
      case 6 -> replace(bytes, at, end(bytes, at), new byte[0]);
      case 7 -> replace(bytes, at, at, Arrays.copyOfRange(bytes, at, end(bytes, at)));
      case 8, 9, 10 -> {
        writeExtreme(bytes, at);
        yield bytes;
      }
      case 11 -> changeNumber(bytes, at);
      default -> {
        int from = random.nextInt(donor.length + 1);
        yield replace(bytes, at, bytes.length, Arrays.copyOfRange(donor, from, donor.length));
      }
    };
  }

  /**
   * Returns a position: anywhere, or near the start or the end, where formats keep their fields.
   */
  private int position(int length) {
    int near = Math.min(length, 64);
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(near);
      case 1 -> length - 1 - random.nextInt(near);
      default -> random.nextInt(length);
    };
  }

  private int end(byte[] bytes, int at) {
    return Math.min(bytes.length, at + 1 + random.nextInt(random.nextBoolean() ? 8 : 256));
  }

  /** Overwrites a binary field of 1 to 8 bytes, of either byte order. */
  private void writeExtreme(byte[] bytes, int at) {
    int width = Math.min(bytes.length - at, 1 << random.nextInt(4));
    boolean big = random.nextBoolean();
    long value = 0;
    for (int i = 0; i < width; i++) {
      value |= (bytes[big ? at + width - 1 - i : at + i] & 0xffL) << 8 * i;
    }
    value =
        switch (random.nextInt(4)) {
          case 0 -> value + 1 - 2 * random.nextInt(2);
          case 1 -> bytes.length + random.nextInt(-8, 9);
          default -> EXTREMES[random.nextInt(EXTREMES.length)];
        };
    for (int i = 0; i < width; i++) {
      bytes[big ? at + width - 1 - i : at + i] = (byte) (value >> 8 * i);
    }
  }

  /** Replaces the run of decimal digits at or after a position. */
  private byte[] changeNumber(byte[] bytes, int at) {
    int from = at;
    while (from < bytes.length && !isDigit(bytes[from])) from++;
    int to = from;
    while (to < bytes.length && isDigit(bytes[to])) to++;
    String number = EXTREME_NUMBERS[random.nextInt(EXTREME_NUMBERS.length)];
    byte[] digits = new byte[number.length()];
    for (int i = 0; i < digits.length; i++) digits[i] = (byte) number.charAt(i);
    return replace(bytes, from, to, digits);
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  private static byte[] replace(byte[] bytes, int from, int to, byte[] by) {
    byte[] replaced = Arrays.copyOf(bytes, bytes.length - (to - from) + by.length);
    System.arraycopy(by, 0, replaced, from, by.length);
    System.arraycopy(bytes, to, replaced, from + by.length, bytes.length - to);
    return replaced;
  }

  private static String show(byte[] input) {
    List<String> bytes = new ArrayList<>();
    for (int i = 0; i < Math.min(input.length, 4096); i++) {
      bytes.add(Integer.toHexString(input[i] & 0xff | 0x100).substring(1));
    }
    return input.length + " bytes " + String.join("", bytes);
  }
}
