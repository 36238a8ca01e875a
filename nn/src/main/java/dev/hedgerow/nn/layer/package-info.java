/** The layers a graph is made of: one small record each, with its formula and its gradient. */
package dev.hedgerow.nn.layer;
