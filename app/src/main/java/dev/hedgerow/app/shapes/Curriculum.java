package dev.hedgerow.app.shapes;

/**
 * The pictures of a training, from small and easy ones to those of the world that is to be known.
 * Small ones save time; without easy ones a deep network hardly begins to learn.
 *
 * @param seed of the pictures
 * @param world that the network is to know in the end
 * @param steps of the training
 * @param rising false for pictures of the world as it is from the first step on
 */
public record Curriculum(long seed, ShapesOptions world, int steps, boolean rising) {
  /** Fractions of its multiples lie evenly in 0..1 (the golden ratio, less 1). */
  private static final double GOLDEN = 0.6180339887498949;

  /** How much faster than the training the difficulty rises. */
  private static final double PACE = 4;

  /**
   * Draws a picture. At progress p, difficulties lie evenly between PACE·p − 1 and PACE·p, within
   * 0..1.
   *
   * @param step in which it is used
   * @param number of the picture, which decides how hard it is
   */
  public Scene scene(int step, long number) {
    if (!rising) return new Shapes(seed, world).scene(number);
    double progress = (double) step / steps;
    int side = progress < 0.2 ? 48 : progress < 0.65 ? 64 : world.side();
    double place = number * GOLDEN;
    place -= StrictMath.floor(place);
    double difficulty = Math.clamp(PACE * progress - place, 0.0, 1.0);
    return new Shapes(seed, world.withSide(side).withDifficulty(difficulty)).scene(number);
  }
}
