/** Training: gradients of the parameters, losses, stochastic gradient descent. */
package dev.hedgerow.nn.train;
