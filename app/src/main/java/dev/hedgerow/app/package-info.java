/** The command line: arguments, pictures and files around the other modules. */
package dev.hedgerow.app;
