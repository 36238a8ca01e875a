/** A drawn world whose objects are known to the pixel: pictures, masks, boxes and classes. */
package dev.hedgerow.app.shapes;
