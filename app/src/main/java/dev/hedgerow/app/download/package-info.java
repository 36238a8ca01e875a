/** Fetches the files of weights that torchvision publishes, and keeps them in a folder. */
package dev.hedgerow.app.download;
