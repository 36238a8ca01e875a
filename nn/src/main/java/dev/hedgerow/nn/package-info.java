/**
 * Networks as data: a {@link dev.hedgerow.nn.Graph} of named nodes, its forward pass, the {@link
 * dev.hedgerow.nn.Recording} a forward pass leaves, and the {@link dev.hedgerow.nn.ReverseWalk}
 * that gradients and relevance share. A model family is a function that builds a graph. No files
 * and no pictures here.
 */
package dev.hedgerow.nn;
