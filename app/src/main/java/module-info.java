import org.jspecify.annotations.NullMarked;

/** The command line. */
@NullMarked
module dev.hedgerow.app {
  requires static transitive org.jspecify;
  requires dev.hedgerow.attribution;
  requires dev.hedgerow.weights;
  requires info.picocli;
  requires it.unimi.dsi.fastutil.core;
  requires com.fasterxml.jackson.core;
  requires com.samskivert.jmustache;
  requires com.twelvemonkeys.imageio.webp;
  requires java.desktop;
  requires java.management;
  requires java.net.http;

  opens dev.hedgerow.app to
      info.picocli,
      com.samskivert.jmustache;
}
