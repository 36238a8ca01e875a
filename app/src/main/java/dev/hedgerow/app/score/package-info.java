/** Scores explanation methods on pictures whose truth is known. */
package dev.hedgerow.app.score;
