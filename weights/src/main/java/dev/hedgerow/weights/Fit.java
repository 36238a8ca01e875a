package dev.hedgerow.weights;

/**
 * How well a file of weights fits a family.
 *
 * @param release what the file is if it is the family's
 * @param mismatch in what it differs
 */
public record Fit(Release release, Mismatch mismatch) {}
