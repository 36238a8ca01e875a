package dev.hedgerow.app.voc;

import dev.hedgerow.attribution.metrics.Box;

/**
 * An annotated object.
 *
 * @param name its class's name
 * @param box the pixels it lies in
 * @param difficult whether it is not to count in an evaluation
 */
public record VocObject(String name, Box box, boolean difficult) {}
