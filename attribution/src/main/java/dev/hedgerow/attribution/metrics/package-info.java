/**
 * What maps are worth where the truth is known: the pointing game, the shares of relevance inside
 * and outside an object, and maps taken for segmentations.
 *
 * <p>Maps are {@link dev.hedgerow.attribution.Heatmap}s of the size of the truth; {@link
 * dev.hedgerow.attribution.Heatmap#resized} brings them there. The share of positive pixels needs
 * no truth and is {@link dev.hedgerow.attribution.Heatmap#positiveRatio}. A measure that a map or a
 * truth leaves undefined is an empty {@link java.util.OptionalDouble}, and {@link
 * dev.hedgerow.attribution.metrics.Average} counts those it leaves out.
 */
package dev.hedgerow.attribution.metrics;
