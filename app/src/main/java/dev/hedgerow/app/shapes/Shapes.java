package dev.hedgerow.app.shapes;

import java.awt.Rectangle;
import java.awt.Shape;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A world of pictures, numbered without end, each drawn from the seed and its number alone: one to
 * three shapes of ten classes, of any colour, size (8 to 60 % of the side) and rotation, which may
 * hide each other, on a cluttered ground.
 *
 * <p>The same seed gives the same pictures, to the bit. Pictures may be drawn on several threads.
 */
public final class Shapes {
  private static final int MAX_OBJECTS = 3;
  private static final double SMALLEST = 0.08;
  private static final double LARGEST = 0.6;

  /** What an object must at least show of itself. */
  private static final double VISIBLE = 0.4;

  /** Objects that are smaller, or show less of themselves, are difficult. */
  private static final double EASY_SIZE = 0.16;

  private static final double EASY_VISIBLE = 0.65;

  /** How much an object differs from what it covers, as a sum over red, green and blue. */
  private static final int CONTRAST = 220;

  private static final int PLACES = 20;

  private final long seed;
  private final ShapesOptions options;
  private final Clutter clutter;

  /** Creates the world of a seed. */
  public Shapes(long seed, ShapesOptions options) {
    this.seed = seed;
    this.options = options;
    this.clutter = new Clutter(options);
  }

  /** Returns what the world is like. */
  public ShapesOptions options() {
    return options;
  }

  /** What is to be drawn: a class, its place, how far it covers each pixel, and which it hides. */
  private record Plan(ShapeClass kind, double x, double y, double size, int[] cover, BitSet mask) {
    /** Returns the pixels that none of the later ones hides, nor {@code front}. */
    BitSet visible(List<Plan> later, BitSet front) {
      var visible = (BitSet) mask.clone();
      for (Plan plan : later) visible.andNot(plan.mask);
      visible.andNot(front);
      return visible;
    }

    double share(BitSet visible) {
      return mask.isEmpty() ? 0 : (double) visible.cardinality() / mask.cardinality();
    }
  }

  /**
   * Draws a picture.
   *
   * @param number of the picture, from 0 on
   */
  public Scene scene(long number) {
    var random = new SplittableRandom(mix(mix(seed) + number));
    var canvas = new Canvas(options.side());
    List<Plan> plans = plan(canvas, random);
    var classes = EnumSet.noneOf(ShapeClass.class);
    for (Plan plan : plans) classes.add(plan.kind);
    clutter.paintBehind(canvas, random, classes);
    for (Plan plan : plans) canvas.paint(plan.cover, fill(canvas, random, plan), Canvas.OPAQUE);
    boolean marked = clutter.isMarked(random, classes);
    if (marked) clutter.paintWatermark(canvas);
    BitSet front = marked ? canvas.mask(clutter.watermark()) : new BitSet();
    return new Scene(canvas.finish(), objects(plans, front));
  }

  private List<Plan> plan(Canvas canvas, SplittableRandom random) {
    var plans = new ArrayList<Plan>();
    // Whether there is a watermark depends on the objects, so its place is never one to hide in.
    BitSet watermark = canvas.mask(clutter.watermark());
    int count = random.nextInt(1, options.whole(1, MAX_OBJECTS) + 1);
    for (int i = 0; i < count; i++) {
      ShapeClass kind = ShapeClass.all().get(random.nextInt(ShapeClass.all().size()));
      for (int place = 0; place < PLACES; place++) {
        plans.add(plan(canvas, random, kind));
        if (allVisible(plans, watermark)) break;
        plans.removeLast();
      }
    }
    return plans;
  }

  private Plan plan(Canvas canvas, SplittableRandom random, ShapeClass kind) {
    int side = options.side();
    double smallest = options.between(0.4, SMALLEST);
    // The larger of two: small objects are there, but rare.
    double one = random.nextDouble(smallest, LARGEST);
    double other = random.nextDouble(smallest, LARGEST);
    double size = side * Math.max(one, other);
    double x = random.nextDouble(size / 2, side - size / 2);
    double y = random.nextDouble(size / 2, side - size / 2);
    double angle = random.nextDouble(2 * StrictMath.PI);
    double slimness = random.nextDouble(0.85, 1);
    Shape outline =
        Placement.of(x, y, size, size * slimness, angle).createTransformedShape(kind.outline());
    return new Plan(kind, x, y, size, canvas.cover(outline), canvas.mask(outline));
  }

  private static boolean allVisible(List<Plan> plans, BitSet front) {
    for (int i = 0; i < plans.size(); i++) {
      Plan plan = plans.get(i);
      if (plan.share(plan.visible(plans.subList(i + 1, plans.size()), front)) < VISIBLE) {
        return false;
      }
    }
    return true;
  }

  /** Returns a fill that stands out from what is there. */
  private Fill fill(Canvas canvas, SplittableRandom random, Plan plan) {
    int under = canvas.mean(plan.cover);
    int darkest = options.whole(150, 0);
    int colour = Fill.colour(random, darkest, 256);
    while (Fill.distance(colour, under) < CONTRAST) colour = Fill.colour(random, darkest, 256);
    int other = Fill.near(random, colour, options.whole(0, 50));
    return Fill.random(random, colour, other, plan.x, plan.y, plan.size);
  }

  private List<DrawnObject> objects(List<Plan> plans, BitSet front) {
    int side = options.side();
    var objects = new ArrayList<DrawnObject>();
    for (int i = 0; i < plans.size(); i++) {
      Plan plan = plans.get(i);
      BitSet mask = plan.visible(plans.subList(i + 1, plans.size()), front);
      boolean difficult = plan.size < EASY_SIZE * side || plan.share(mask) < EASY_VISIBLE;
      objects.add(new DrawnObject(plan.kind, mask, box(mask, side), difficult));
    }
    return objects;
  }

  private static Rectangle box(BitSet mask, int side) {
    var box = new Rectangle(-1, -1);
    for (int i = mask.nextSetBit(0); i >= 0; i = mask.nextSetBit(i + 1)) {
      box.add(new Rectangle(i % side, i / side, 1, 1));
    }
    return box;
  }

  /** Spreads a number over all bits (the finaliser of SplitMix64). */
  private static long mix(long x) {
    x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
    x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
    return x ^ x >>> 31;
  }
}
