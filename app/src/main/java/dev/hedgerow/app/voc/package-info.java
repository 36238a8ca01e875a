/** Reads data sets in Pascal VOC's layout: pictures with boxes, classes and segmentations. */
package dev.hedgerow.app.voc;
