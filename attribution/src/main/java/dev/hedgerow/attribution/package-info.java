/**
 * Explanation methods. A method starts from a relevance at some layer and lets one {@link
 * dev.hedgerow.attribution.Rule} for each kind of layer carry it down; {@link
 * dev.hedgerow.attribution.Redistribution} is the map J that the rules are made of.
 *
 * <p>Gradient Hedge is W.-J. Nam, S.-W. Lee, "Gradient Hedging for Intensively Exploring Salient
 * Interpretation beyond Neuron Activation"; equation numbers are that paper's.
 */
package dev.hedgerow.attribution;
