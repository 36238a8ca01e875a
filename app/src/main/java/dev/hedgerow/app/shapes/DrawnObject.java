package dev.hedgerow.app.shapes;

import java.awt.Rectangle;
import java.util.BitSet;

/**
 * An object of a picture, as it is seen: what later objects hide does not count.
 *
 * @param kind what it is
 * @param mask its visible pixels, numbered in row order; not to be modified
 * @param box the smallest box around them
 * @param difficult whether it is very small or mostly hidden, as Pascal VOC marks objects that are
 *     not to count in an evaluation
 */
public record DrawnObject(ShapeClass kind, BitSet mask, Rectangle box, boolean difficult) {}
