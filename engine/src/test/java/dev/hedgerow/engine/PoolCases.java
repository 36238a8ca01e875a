package dev.hedgerow.engine;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Geometries of sliding pools, and what their windows see, by loops over single taps. */
final class PoolCases {
  private PoolCases() {}

  /** One pooling of one input; the values follow from the seed. */
  record Case(Shape input, Window window, boolean ceil, long seed) {
    int height() {
      return input.extent(2);
    }

    int width() {
      return input.extent(3);
    }

    Shape output() {
      return input
          .with(2, window.outputHeight(height(), ceil))
          .with(3, window.outputWidth(width(), ceil));
    }
  }

  /** Cases with at least one window; paddings may exceed the window. */
  static Arbitrary<Case> all() {
    Arbitrary<Window> windows =
        Combinators.combine(
                Arbitraries.integers().between(1, 5).list().ofSize(2),
                Arbitraries.integers().between(1, 4).list().ofSize(2),
                Arbitraries.of(1, 1, 1, 2, 3).list().ofSize(2),
                Arbitraries.integers().between(0, 4).list().ofSize(4))
            .as(
                (k, s, d, p) ->
                    new Window(
                        k.get(0), k.get(1), s.get(0), s.get(1), d.get(0), d.get(1), p.get(0),
                        p.get(1), p.get(2), p.get(3)));
    return Combinators.combine(
            Arbitraries.integers().between(1, 2),
            Arbitraries.integers().between(1, 35),
            Arbitraries.integers().between(1, 12),
            Arbitraries.integers().between(1, 12),
            windows,
            Arbitraries.of(true, false),
            Arbitraries.longs())
        .as((n, c, h, w, window, ceil, seed) -> new Case(Shape.of(n, c, h, w), window, ceil, seed))
        .filter(c -> c.output().size() > 0);
  }

  /** What is done with a tap of a window. */
  interface Tap {
    /**
     * @param output row-major position of the window's output
     * @param input row-major position of the tap in the input; -1 in the padding
     * @param pixel position in the channel's plane; -1 in the padding
     */
    void at(int output, int input, int pixel);
  }

  /** Visits the taps of every window, in scan order, in the image or its padding. */
  static void visit(Case c, Tap tap) {
    Window k = c.window;
    Shape output = c.output();
    int planes = c.input.extent(0) * c.input.extent(1);
    for (int plane = 0; plane < planes; plane++) {
      for (int oy = 0; oy < output.extent(2); oy++) {
        for (int ox = 0; ox < output.extent(3); ox++) {
          int at = (plane * output.extent(2) + oy) * output.extent(3) + ox;
          for (int ky = 0; ky < k.height(); ky++) {
            for (int kx = 0; kx < k.width(); kx++) {
              int y = oy * k.strideY() + ky * k.dilationY() - k.top();
              int x = ox * k.strideX() + kx * k.dilationX() - k.left();
              if (y >= c.height() + k.bottom() || x >= c.width() + k.right()) continue;
              boolean inside = y >= 0 && y < c.height() && x >= 0 && x < c.width();
              int pixel = inside ? y * c.width() + x : -1;
              tap.at(at, inside ? plane * c.height() * c.width() + pixel : -1, pixel);
            }
          }
        }
      }
    }
  }
}
