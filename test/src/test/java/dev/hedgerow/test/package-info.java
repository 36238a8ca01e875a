/** Tests that cross modules. */
@org.jspecify.annotations.NullMarked
package dev.hedgerow.test;
