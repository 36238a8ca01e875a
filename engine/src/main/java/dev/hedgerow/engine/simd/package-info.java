/** The kernels with the Vector API; the only package that imports it. */
package dev.hedgerow.engine.simd;
