package dev.hedgerow.app.shapes;

import java.util.SplittableRandom;

/** Gives each pixel a colour, {@code 0xRRGGBB}. */
@FunctionalInterface
interface Fill {
  int at(int x, int y);

  /** Returns one colour everywhere. */
  static Fill plain(int colour) {
    return (x, y) -> colour;
  }

  /**
   * Returns a plain fill, a gradient or a texture of two colours.
   *
   * @param x where it is centred
   * @param y where it is centred
   * @param size its extent, in pixels
   */
  static Fill random(
      SplittableRandom random, int first, int second, double x, double y, double size) {
    double angle = random.nextDouble(2 * StrictMath.PI);
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    double period = random.nextDouble(3, 7);
    int grain = random.nextInt(1, 4);
    int salt = random.nextInt();
    int kind = random.nextInt(7);
    return (px, py) -> {
      double dx = px - x;
      double dy = py - y;
      double u = dx * cos + dy * sin;
      double v = dy * cos - dx * sin;
      double share =
          switch (kind) {
            case 0 -> 0;
            case 1 -> 0.5 + u / size;
            case 2 -> 2 * StrictMath.sqrt(dx * dx + dy * dy) / size;
            case 3 -> Math.floorMod((long) StrictMath.floor(u / period), 2L);
            case 4 ->
                Math.floorMod(
                    (long) (StrictMath.floor(u / period) + StrictMath.floor(v / period)), 2L);
            case 5 -> {
              double du = u - StrictMath.rint(u / period) * period;
              double dv = v - StrictMath.rint(v / period) * period;
              yield 16 * (du * du + dv * dv) < period * period ? 1 : 0;
            }
            default -> noise(px / grain, py / grain, salt);
          };
      return mix(first, second, (int) (255 * Math.clamp(share, 0, 1)));
    };
  }

  /** Returns a colour whose channels are drawn from a range. */
  static int colour(SplittableRandom random, int from, int to) {
    return random.nextInt(from, to) << 16
        | random.nextInt(from, to) << 8
        | random.nextInt(from, to);
  }

  /** Returns a colour near another. */
  static int near(SplittableRandom random, int colour, int distance) {
    int near = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int channel = (colour >> shift & 0xff) + random.nextInt(-distance, distance + 1);
      near |= Math.clamp(channel, 0, 255) << shift;
    }
    return near;
  }

  /** Returns the sum of the channels' differences. */
  static int distance(int a, int b) {
    int sum = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      sum += Math.abs((a >> shift & 0xff) - (b >> shift & 0xff));
    }
    return sum;
  }

  /**
   * Returns a mixture of two colours.
   *
   * @param share of the second, 0..255
   */
  static int mix(int first, int second, int share) {
    int mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int a = first >> shift & 0xff;
      int b = second >> shift & 0xff;
      mixed |= (a * (255 - share) + b * share + 127) / 255 << shift;
    }
    return mixed;
  }

  /** Returns 0..1, the same for the same place and salt. */
  private static double noise(int x, int y, int salt) {
    int hash = x * 0x9e3779b1 ^ y * 0x85ebca77 ^ salt;
    hash = (hash ^ hash >>> 15) * 0x2c1b3c6d;
    hash = (hash ^ hash >>> 12) * 0x297a2d39;
    return (hash ^ hash >>> 15) * 0x1p-32 + 0.5;
  }
}
