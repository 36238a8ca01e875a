/** The innermost loops behind the operators: their contract, and the scalar reference. */
package dev.hedgerow.engine.kernel;
