package dev.hedgerow.app;

import dev.hedgerow.attribution.ColourMap;

/** How maps are drawn. */
record Drawing(ColourMap colours, Scale scale) {}
