import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the register tiles of the engine's product of rows with weights, one class for each vector
 * width, into a directory: {@code java build/GenerateTiles.java
 * engine/src/main/java/dev/hedgerow/engine/simd}, then format the sources. Accumulators must be
 * locals, whose number Java cannot abstract over.
 */
final class GenerateTiles {
  /** Lanes of a channel block; a constant of the tensor layout. */
  static final int BLOCK = 16;

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    // Tile columns, widest first, chosen so that accumulators, weights and broadcasts fit the
    // registers as C2 allocates them (docs/adr/0003 has the measurements).
    write(directory, 512, new int[] {8, 7, 4, 3, 2, 1}, 0, "", 2, 7);
    write(directory, 256, new int[] {5, 4, 3, 2, 1}, 4, "terms <= 128", 4, 4);
    write(directory, 128, new int[] {5, 4, 3, 2, 1}, 0, "", 1, 5);
  }

  /**
   * @param tiles columns of tiles, widest first, the second with one less: runs are of both, so that
   *     little is left
   * @param whole columns of a tile, one of {@code tiles}, for runs of so many columns, or a multiple;
   *     0 for none
   * @param when which of these runs take that tile
   * @param unrolled terms of an iteration of the two widest tiles of two vectors; with more than
   *     one, fences keep C2 from loading first all that these read, which takes more registers than
   *     there are. They are no instructions on x86. Other processors with such vectors take these
   *     tiles too, fences and all. What four leave of the terms the tile takes one by one; where it is
   *     two, terms are even
   * @param best what runs are best a multiple of
   */
  static void write(Path directory, int bits, int[] tiles, int whole, String when, int unrolled, int best)
      throws Exception {
    boolean pairs = bits / 32 == BLOCK; // two output blocks share each broadcast
    var tileMethods = new StringBuilder();
    for (int vectors = 2; vectors >= (pairs ? 1 : 2); vectors--) {
      tileMethods.append(run(tiles, whole, when, vectors, pairs));
      for (int columns : tiles) {
        boolean widest = columns >= tiles[1] && vectors == 2;
        tileMethods.append(tile(columns, vectors, pairs, widest ? unrolled : 1, false));
        if (pairs && widest) tileMethods.append(tile(columns, vectors, true, unrolled, true));
      }
    }
    String source =
        TEMPLATE
            .replace("@BITS@", Integer.toString(bits))
            .replace("@BEST@", Integer.toString(best))
            .replace("@DRAWN@", drawn(tiles[0], unrolled, pairs))
            .replace("@TERMS@", unrolled == 2 ? TERMS : "")
            .replace("@FENCE@", unrolled > 1 ? "import java.lang.invoke.VarHandle;\n" : "")
            .replace("@LANES@", pairs ? "" : "import static dev.hedgerow.engine.simd.Vectors.LANES;\n")
            .replace("@RUN@", pairs ? RUN_PAIR : RUN_BLOCKS)
            .replace("@AHEAD@", pairs ? AHEAD : "")
            .replace("@AHEAD_IMPORTS@", pairs ? AHEAD_IMPORTS : "")
            .replace("@ASK@", pairs ? ASK : "")
            .replace("@LINE@", pairs ? LINE : "")
            .replace("@TILES@", tileMethods);
    Files.writeString(directory.resolve("Tiles" + bits + ".java"), source);
  }

  /** The widest tile as the class comment draws it. */
  static String drawn(int columns, int unrolled, boolean pairs) {
    String next = pairs ? "the next block's" : "the block's next";
    String taken = unrolled == 1 ? "one term" : (unrolled == 2 ? "two" : "four") + " terms";
    var text = new StringBuilder(" *                   w[wAt + 16i]   %s\n".formatted(next));
    for (int c = 0; c < columns; c++) {
      String at = c == 0 ? "i" : c == 1 ? "ROW + i" : "%d·ROW + i".formatted(c);
      String also = c == 0 ? "   " + taken + " an iteration" : "";
      text.append(" * x[xAt + %-10s  a%dv0           a%dv1%s\n".formatted(at + "]", c, c, also));
    }
    return text.toString();
  }

  static final String AHEAD = ", float @Nullable [] ahead, int aheadAt";

  static final String ASK = " Both have a second form,\n * which asks for weights ahead.";

  static final String LINE =
      """
      /**
       * Returns where the lines begin, one for two terms, that a tile of a run asks for: the first
       * four for half a block each, further ones for the fourth's again.
       *
       * @param wNext from one block to the next, ahead as in w
       */
      static int firstLine(int number, int aheadAt, int terms, int wNext) {
        int half = Math.min(3, number);
        return aheadAt + half % 2 * (terms / 2 * BLOCK) + half / 2 * wNext;
      }

      """;

  static final String AHEAD_IMPORTS =
      """
      import jdk.incubator.vector.VectorMask;
      import org.jspecify.annotations.Nullable;
      """;

  static final String TERMS =
      """
      /** Terms are a multiple of this. */
      static final int TERMS = 2;

      """;

  static final String RUN_PAIR =
      """
      if (outputBlocks == 2) {
        run2(x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, columns, ahead, aheadAt);
      } else {
        run1(x, xAt, terms, w, wAt, y, yAt, columns);
      }
      """;

  static final String RUN_BLOCKS =
      """
      for (int lane = 0; lane < outputBlocks * BLOCK; lane += 2 * LANES) {
        int wLane = wAt + lane / BLOCK * wBlock + lane % BLOCK;
        int yLane = yAt + lane / BLOCK * yBlock + lane % BLOCK;
        run2(x, xAt, terms, w, wLane, y, yLane, columns);
      }
      """;

  /** What the tiles take; those of two blocks also where the second is; then what {@code more} says. */
  static String parameters(boolean next, String more) {
    return "(float[] x, int xAt, int terms, float[] w, int wAt, %sfloat[] y, int yAt, %sint columns%s) {\n"
        .formatted(next ? "int wNext, " : "", next ? "int yNext, " : "", more);
  }

  /** The method that covers a run of columns with tiles, the widest first. */
  static String run(int[] tiles, int whole, String when, int vectors, boolean pairs) {
    boolean next = pairs && vectors > 1;
    String more = next ? AHEAD : "";
    var text = new StringBuilder("private static void run%d%s".formatted(vectors, parameters(next, more)));
    String call =
        "tile%%dx%%d%%s(x, xAt + done * ROW, terms, w, wAt, %sy, yAt + done * BLOCK, %s%%s);\n"
            .formatted(next ? "wNext, " : "", next ? "yNext, " : "");
    text.append("int done = 0;\n");
    if (whole > 0) {
      text.append("if (columns %% %d == 0 && %s) {\n".formatted(whole, when));
      text.append(call.formatted(whole, vectors, "", "columns") + "return;\n}\n");
    }
    // Each tile of a column less makes up for one that is missing to a multiple of the widest.
    String narrow = "int narrow = Math.min(columns / %2$d, Math.floorMod(-columns, %1$d)) * %2$d;\n";
    text.append(narrow.formatted(tiles[0], tiles[1]));
    text.append("int wide = (columns - narrow) / %1$d * %1$d;\n".formatted(tiles[0]));
    // What these leave is less than two of any other.
    for (int tile : tiles) {
      boolean several = tile >= tiles[1];
      String count = tile == tiles[0] ? "wide" : several ? "narrow" : Integer.toString(tile);
      text.append("if (%s) {\n".formatted(several ? count + " > 0" : "columns - done >= " + tile));
      String plain = call.formatted(tile, vectors, "", count);
      if (next && several) {
        String number = tile == tiles[0] ? "0" : "wide / %d".formatted(tiles[0]);
        String asking = call.formatted(tile, vectors, "Ahead", count + ", ahead, aheadAt, " + number);
        text.append("if (ahead == null) {\n%s} else {\n%s}\n".formatted(plain, asking));
      } else {
        text.append(plain);
      }
      if (tile > 1) text.append("done += %s;\n".formatted(count));
      text.append("}\n");
    }
    return text.append("}\n\n").toString();
  }

  /**
   * Register tiles: {@code columns} pixels times {@code vectors} vectors of output channels.
   *
   * @param ahead whether they ask for weights ahead, a line for two terms; tiles of a run are numbered
   */
  static String tile(int columns, int vectors, boolean pairs, int unrolled, boolean ahead) {
    boolean next = pairs && vectors > 1;
    String name = "tile%dx%d%s".formatted(columns, vectors, ahead ? "Ahead" : "");
    String more = ahead ? ", float[] ahead, int aheadAt, int number" : "";
    var text = new StringBuilder("private static void %s%s".formatted(name, parameters(next, more)));
    if (unrolled > 1) {
      // Where an iteration is certain, C2 checks what all columns read before the loop over them.
      text.append("int last = terms - %d;\n".formatted(unrolled));
      String rest = "tile1x%d(x, xAt, terms, w, wAt, %sy, yAt, %scolumns);\n"
          .formatted(vectors, next ? "wNext, " : "", next ? "yNext, " : "");
      text.append("if (last < 0) {\n%sreturn;\n}\n".formatted(unrolled == 2 ? "" : rest));
    }
    // C2 takes a range check out of a loop for such a sum and a multiple of i, not for a longer sum.
    if (next) text.append("int wOther = wAt + wNext;\n");
    if (ahead) text.append("FloatVector nothing = FloatVector.zero(S);\nVectorMask<Float> none = S.maskAll(false);\n");
    text.append("for (int column = 0; column < columns; column += %d) {\n".formatted(columns));
    text.append(tileSums(columns, vectors, "FloatVector a%dv%d = FloatVector.fromArray(S, y, yAt%s);\n", next));
    String other = next ? "int other = wOther + i * BLOCK;\n" : "";
    String ask = ahead ? "nothing.intoArray(ahead, line + i * (BLOCK / 2), none);\n" : "";
    String body = "int from = xAt + i;\nint weight = wAt + i * BLOCK;\n" + other + ask + "%s}\n";
    if (ahead) {
      text.append("int line = firstLine(number++, aheadAt, terms, wNext);\n");
    }
    if (unrolled > 1) {
      text.append("int i = 0;\nfor (; i <= last; i += %d) {\n".formatted(unrolled));
      var terms = new StringBuilder();
      for (int t = 0; t < unrolled; t++) terms.append(tileTerm(columns, vectors, t, next, true));
      text.append(body.formatted(terms));
    }
    if (unrolled != 2) {
      text.append("for (%s; i < terms; i++) {\n".formatted(unrolled > 1 ? "" : "int i = 0"));
      text.append(body.formatted(tileTerm(columns, vectors, 0, next, false)));
    }
    text.append(tileSums(columns, vectors, "a%dv%d.intoArray(y, yAt%s);\n", next));
    text.append("xAt += %1$d * ROW;\nyAt += %1$d * BLOCK;\n}\n".formatted(columns));
    return text.append("}\n\n").toString();
  }

  /** The multiply-adds of the given term after i, of several in order of their loads. */
  static String tileTerm(int columns, int vectors, int after, boolean next, boolean fences) {
    String first = after == 0 ? "FloatVector " : "";
    String fence = fences ? "VarHandle.loadLoadFence();\n" : "";
    var text = new StringBuilder(fence);
    for (int v = 0; v < vectors; v++) {
      String block = next && v > 0 ? "other" : "weight";
      String at = times(after, "BLOCK") + (next || v == 0 ? "" : " + LANES");
      text.append("%sw%d = FloatVector.fromArray(S, w, %s%s);\n".formatted(first, v, block, at));
    }
    text.append(fence);
    for (int c = 0; c < columns; c++) {
      String at = times(c, "ROW") + (after == 0 ? "" : " + " + after);
      text.append("%sp = FloatVector.broadcast(S, x[from%s]);\n".formatted(c == 0 ? first : "", at));
      for (int v = 0; v < vectors; v++) text.append("a%1$dv%2$d = p.fma(w%2$d, a%1$dv%2$d);\n".formatted(c, v));
    }
    return text.toString();
  }

  /** A line for each sum of a tile: its column, its vector, and where it is in y. */
  static String tileSums(int columns, int vectors, String line, boolean next) {
    var text = new StringBuilder();
    for (int c = 0; c < columns; c++) {
      for (int v = 0; v < vectors; v++) {
        text.append(line.formatted(c, v, times(c, "BLOCK") + (v == 0 ? "" : next ? " + yNext" : " + LANES")));
      }
    }
    return text.toString();
  }

  /** A sum's further operand, of so many steps. */
  static String times(int count, String step) {
    return count == 0 ? "" : count == 1 ? " + " + step : " + " + count + " * " + step;
  }

  static final String TEMPLATE =
      """
      package dev.hedgerow.engine.simd;

      import static dev.hedgerow.engine.kernel.Kernels.BLOCK;
      import static dev.hedgerow.engine.kernel.Kernels.ROW;
      @LANES@import static dev.hedgerow.engine.simd.Vectors.S;

      import dev.hedgerow.engine.kernel.Kernels;
      @FENCE@import jdk.incubator.vector.FloatVector;
      @AHEAD_IMPORTS@
      /**
       * The tiles of {@link Convolve} with vectors of @BITS@ bits, written by build/GenerateTiles.java:
       *
       * <pre>
      @DRAWN@ * </pre>
       *
       * <p>A run of columns is of such tiles and of those of one column less, as many of each that
       * little is left, which narrower ones take.@ASK@
       */
      final class Tiles@BITS@ {
        /** The columns that runs are best a multiple of. */
        static final int BEST = @BEST@;

        @TERMS@private Tiles@BITS@() {}

        /** Adds terms to the sums that y holds, as {@link Kernels#convolve} does. */
        static void run(float[] x, int xAt, int terms, float[] w, int wAt, int wBlock, float[] y, int yAt, int yBlock, int outputBlocks, int columns@AHEAD@) {
          @RUN@
        }

        @LINE@@TILES@
      }
      """;
}
