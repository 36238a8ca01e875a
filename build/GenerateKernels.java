import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the Vector API kernels of the engine, one class for each vector width, into a directory:
 * {@code java build/GenerateKernels.java engine/src/main/java/dev/hedgerow/engine/simd}, then format
 * the sources. The species must be a constant and accumulators must be locals, so the classes differ
 * in what Java cannot abstract over: the width and the unrolled tiles.
 */
final class GenerateKernels {
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
   *     two, an odd term is taken before
   * @param best what runs are best a multiple of
   */
  static void write(Path directory, int bits, int[] tiles, int whole, String when, int unrolled, int best)
      throws Exception {
    int lanes = bits / 32;
    boolean pairs = lanes == BLOCK; // two output blocks share each broadcast
    var tileMethods = new StringBuilder();
    for (int vectors = 2; vectors >= (pairs ? 1 : 2); vectors--) {
      tileMethods.append(run(tiles, whole, when, vectors, pairs));
      for (int columns : tiles) {
        tileMethods.append(tile(columns, vectors, pairs, columns >= tiles[1] && vectors == 2 ? unrolled : 1));
      }
    }
    var shuffles = new StringBuilder();
    var halves = new StringBuilder();
    for (int by = lanes / 2; by > 0; by /= 2) {
      shuffles.append("private static final VectorShuffle<Float> BY_" + by);
      shuffles.append(" = VectorShuffle.iota(S, " + by + ", 1, true);\n");
      halves.append("lanes = lanes.add(lanes.rearrange(BY_" + by + "));\n");
    }
    var sum = new StringBuilder();
    for (int lane = 0; lane < lanes; lane++) {
      sum.append("(double) sum.lane(%1$d) + lost.lane(%1$d) + ".formatted(lane));
    }
    String source =
        TEMPLATE
            .replace("@BITS@", Integer.toString(bits))
            .replace("@TILE@", Integer.toString(best))
            .replace("@FENCE@", unrolled > 1 ? "import java.lang.invoke.VarHandle;\n" : "")
            .replace("@SHUFFLES@", shuffles)
            .replace("@HALVES@", halves.toString().stripTrailing())
            .replace("@SUM@", sum)
            .replace("@TILES@", tileMethods)
            .replace("@CORRELATE@", pairs ? CORRELATE_PAIR : CORRELATE_BLOCKS)
            .replace("@CORRELATE_TILES@", correlateTiles(pairs))
            .replace("@ROWS@", Integer.toString(correlateRows(pairs)))
            .replace("@START@", unrolled == 2 ? START_ODD : START)
            .replace("@FIRST_TERM@", unrolled == 2 ? FIRST_TERM : "")
            .replace("@CONVOLVE@", pairs ? CONVOLVE_PAIR : CONVOLVE_BLOCKS)
            .replace("@WINOGRAD_STARTS@", winogradStarts())
            .replace("@WINOGRAD_ROWS@", winogradRows())
            .replace("@WINOGRAD_COLUMNS@", winogradColumns())
            .replace("@WINOGRAD_INPUT@", winogradInput())
            .replace("@WINOGRAD_OUTPUT@", winogradOutput());
    Files.writeString(directory.resolve("VectorKernels" + bits + ".java"), source);
  }

  static final String START =
      """
      if (start != null) {
        for (int lane = 0; lane < outputBlocks * BLOCK; lane += LANES) {
          FloatVector first = FloatVector.fromArray(S, start, startAt + lane);
          int to = yAt + lane / BLOCK * yBlock + lane % BLOCK;
          for (int column = 0; column < columns; column++) first.intoArray(y, to + column * BLOCK);
        }
      }
      """;

  static final String START_ODD =
      """
      // An odd term goes first, where sums are started: the widest tiles take two.
      int odd = terms % 2;
      for (int lane = 0; lane < outputBlocks * BLOCK; lane += LANES) {
        int to = yAt + lane / BLOCK * yBlock + lane % BLOCK;
        if (odd > 0) {
          int weight = wAt + lane / BLOCK * wBlock + lane % BLOCK;
          firstTerm(x, xAt, w, weight, start, startAt + lane, y, to, columns);
        } else if (start != null) {
          FloatVector first = FloatVector.fromArray(S, start, startAt + lane);
          for (int column = 0; column < columns; column++) first.intoArray(y, to + column * BLOCK);
        }
      }
      if (terms == 1) return;
      xAt += odd;
      wAt += odd * BLOCK;
      terms -= odd;
      """;

  static final String FIRST_TERM =
      """
      /** Starts the sums of a vector of outputs, or goes on with y's if start is null, with one term. */
      private static void firstTerm(float[] x, int xAt, float[] w, int wAt, float @Nullable [] start, int startAt, float[] y, int yAt, int columns) {
        FloatVector weight = FloatVector.fromArray(S, w, wAt);
        float[] from = start == null ? y : start;
        int fromAt = start == null ? yAt : startAt;
        int fromStep = start == null ? BLOCK : 0;
        for (int column = 0; column < columns; column++) {
          FloatVector sum = FloatVector.fromArray(S, from, fromAt + column * fromStep);
          sum = FloatVector.broadcast(S, x[xAt + column * ROW]).fma(weight, sum);
          sum.intoArray(y, yAt + column * BLOCK);
        }
      }

      """;

  static final String CONVOLVE_PAIR =
      """
      if (outputBlocks == 2) {
        run2(x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, columns);
      } else {
        run1(x, xAt, terms, w, wAt, y, yAt, columns);
      }
      """;

  static final String CONVOLVE_BLOCKS =
      """
      for (int lane = 0; lane < outputBlocks * BLOCK; lane += 2 * LANES) {
        int wLane = wAt + lane / BLOCK * wBlock + lane % BLOCK;
        int yLane = yAt + lane / BLOCK * yBlock + lane % BLOCK;
        run2(x, xAt, terms, w, wLane, y, yLane, columns);
      }
      """;

  /** What the tiles take; those of two blocks also where the second is. */
  static String parameters(boolean next) {
    return "(float[] x, int xAt, int terms, float[] w, int wAt, %sfloat[] y, int yAt, %sint columns) {\n"
        .formatted(next ? "int wNext, " : "", next ? "int yNext, " : "");
  }

  /** The method that covers a run of columns with tiles, the widest first. */
  static String run(int[] tiles, int whole, String when, int vectors, boolean pairs) {
    boolean next = pairs && vectors > 1;
    var text = new StringBuilder("private static void run%d%s".formatted(vectors, parameters(next)));
    String call =
        "tile%%dx%%d(x, xAt + done * ROW, terms, w, wAt, %sy, yAt + done * BLOCK, %s%%s);\n"
            .formatted(next ? "wNext, " : "", next ? "yNext, " : "");
    text.append("int done = 0;\n");
    if (whole > 0) {
      text.append("if (columns %% %d == 0 && %s) {\n".formatted(whole, when));
      text.append(call.formatted(whole, vectors, "columns") + "return;\n}\n");
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
      text.append(call.formatted(tile, vectors, count));
      if (tile > 1) text.append("done += %s;\n".formatted(count));
      text.append("}\n");
    }
    return text.append("}\n\n").toString();
  }

  /** Register tiles: {@code columns} pixels times {@code vectors} vectors of output channels. */
  static String tile(int columns, int vectors, boolean pairs, int unrolled) {
    boolean next = pairs && vectors > 1;
    var text = new StringBuilder("private static void tile%dx%d%s".formatted(columns, vectors, parameters(next)));
    if (unrolled > 1) {
      // Where an iteration is certain, C2 checks what all columns read before the loop over them.
      text.append("int last = terms - %d;\n".formatted(unrolled));
      String rest = "tile1x%d(x, xAt, terms, w, wAt, %sy, yAt, %scolumns);\n"
          .formatted(vectors, next ? "wNext, " : "", next ? "yNext, " : "");
      text.append("if (last < 0) {\n%sreturn;\n}\n".formatted(unrolled == 2 ? "" : rest));
    }
    // C2 takes a range check out of a loop for such a sum and a multiple of i, not for a longer sum.
    if (next) text.append("int wOther = wAt + wNext;\n");
    text.append("for (int column = 0; column < columns; column += %d) {\n".formatted(columns));
    text.append(tileSums(columns, vectors, "FloatVector a%dv%d = FloatVector.fromArray(S, y, yAt%s);\n", next));
    String other = next ? "int other = wOther + i * BLOCK;\n" : "";
    String body = "int from = xAt + i;\nint weight = wAt + i * BLOCK;\n" + other + "%s}\n";
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

  /** Where the 9 taps' weights and the 6 products' begin. */
  static String winogradStarts() {
    var text = new StringBuilder();
    for (int i = 0; i < 9; i++) text.append("int tap%1$d = wAt + taps[%1$d];\n".formatted(i));
    for (int i = 0; i < 6; i++) text.append("int to%1$d = uAt + %1$d * uStep;\n".formatted(i));
    return text.toString();
  }

  /** One row of G g for the 3×3 weights g of a vector of outputs. */
  static String winogradRows() {
    var text = new StringBuilder();
    for (int c = 0; c < 3; c++) {
      text.append("FloatVector d%d = FloatVector.fromArray(S, w, tap%d + i).mul(g0);\n".formatted(c, c));
      for (int k = 1; k < 3; k++) {
        text.append("d%1$d = FloatVector.fromArray(S, w, tap%2$d + i).fma(g%3$d, d%1$d);\n".formatted(c, 3 * k + c, k));
      }
    }
    return text.toString();
  }

  /** That row of G g, times Gᵀ: one of U. */
  static String winogradColumns() {
    var text = new StringBuilder(line("weights"));
    for (int c = 0; c < 6; c++) text.append("t%d.intoArray(u, to%d + i);\n".formatted(c, c));
    return text.toString();
  }

  /** V = Bᵀ d B for the 6×6 pixels d of a tile: columns of d to a 6×6 scratch, then its rows. */
  static String winogradInput() {
    return transform("input", 6, "x", "xAt + %d * xRow + c * BLOCK + lane", 6, "v", "vAt + (6 * r + %d) * vStep + lane");
  }

  /** Y = Aᵀ M A for the 6×6 products M of a tile: columns of M to a 4×6 scratch, then its rows. */
  static String winogradOutput() {
    return transform("output", 6, "m", "mAt + (6 * %d + c) * mStep + lane", 4, "y", "yAt + r * yRow + %d * BLOCK + lane");
  }

  /** A one-dimensional transform of the columns, then of the rows, of a square of vectors. */
  static String transform(String kind, int from, String source, String sourceAt, int to, String target, String targetAt) {
    var text = new StringBuilder("for (int c = 0; c < %d; c++) {\n".formatted(from));
    for (int r = 0; r < from; r++) text.append(load(r, source, sourceAt.formatted(r)));
    text.append(line(kind));
    for (int r = 0; r < to; r++) text.append("t%d.intoArray(scratch, ORIGIN + (%d + c) * BLOCK);\n".formatted(r, r * from));
    text.append("}\nfor (int r = 0; r < %d; r++) {\n".formatted(to));
    for (int c = 0; c < from; c++) text.append(load(c, "scratch", "ORIGIN + (%d * r + %d) * BLOCK".formatted(from, c)));
    text.append(line(kind));
    String end = kind.equals("output") ? ".add(start)" : "";
    for (int c = 0; c < to; c++) text.append("t%d%s.intoArray(%s, %s);\n".formatted(c, end, target, targetAt.formatted(c)));
    return text.append("}\n").toString();
  }

  static String load(int i, String array, String at) {
    return "FloatVector d%d = FloatVector.fromArray(S, %s, %s);\n".formatted(i, array, at);
  }

  /** One line of a transform of F(4×4, 3×3) with the points 0, ±1, ±2, ∞: t of d. */
  static String line(String kind) {
    return switch (kind) {
      case "weights" ->
          """
          FloatVector p = d0.add(d2).mul(-1f / 6);
          FloatVector q = d1.mul(1f / 6);
          FloatVector s = d2.fma(four, d0).mul(1f / 24);
          FloatVector e = d1.mul(1f / 12);
          FloatVector t0 = d0.mul(0.25f);
          FloatVector t1 = p.sub(q);
          FloatVector t2 = p.add(q);
          FloatVector t3 = s.add(e);
          FloatVector t4 = s.sub(e);
          FloatVector t5 = d2;
          """;
      case "input" ->
          """
          FloatVector p = d2.fma(minusFour, d4);
          FloatVector q = d1.fma(minusFour, d3);
          FloatVector s = d4.sub(d2);
          FloatVector e = d3.sub(d1);
          FloatVector t0 = d0.fma(four, d2.fma(minusFive, d4));
          FloatVector t1 = p.add(q);
          FloatVector t2 = p.sub(q);
          FloatVector t3 = e.fma(two, s);
          FloatVector t4 = e.fma(minusTwo, s);
          FloatVector t5 = d1.fma(four, d3.fma(minusFive, d5));
          """;
      case "output" ->
          """
          FloatVector p = d1.add(d2);
          FloatVector q = d1.sub(d2);
          FloatVector s = d3.add(d4);
          FloatVector e = d3.sub(d4);
          FloatVector t0 = d0.add(p).add(s);
          FloatVector t1 = e.fma(two, q);
          FloatVector t2 = s.fma(four, p);
          FloatVector t3 = e.fma(eight, q).add(d5);
          """;
      default -> throw new IllegalArgumentException(kind);
    };
  }

  static final String CORRELATE_PAIR =
      """
      int wRow = outputBlocks * BLOCK;
      for (int i = 0; i < channels; i += @ROWS@) {
        if (outputBlocks == 2) {
          correlate@ROWS@x2(x, xAt + i, xStep, s, sAt, sBlock, columns, w, wAt + i * wRow, wRow, BLOCK);
        } else {
          correlate@ROWS@x1(x, xAt + i, xStep, s, sAt, columns, w, wAt + i * wRow, wRow);
        }
      }
      """;

  static final String CORRELATE_BLOCKS =
      """
      int wRow = outputBlocks * BLOCK;
      for (int lane = 0; lane < wRow; lane += 2 * LANES) {
        int from = sAt + lane / BLOCK * sBlock + lane % BLOCK;
        for (int i = 0; i < channels; i += @ROWS@) {
          correlate@ROWS@x2(x, xAt + i, xStep, s, from, LANES, columns, w, wAt + i * wRow + lane, wRow, LANES);
        }
      }
      """;

  /** Input channels of a register tile of the correlation; divides a block. */
  static int correlateRows(boolean pairs) {
    return pairs ? 8 : 4;
  }

  static String correlateTiles(boolean pairs) {
    String tiles = correlateTile(correlateRows(pairs), 2);
    return pairs ? tiles + correlateTile(correlateRows(pairs), 1) : tiles;
  }

  /** One register tile: {@code rows} input channels times {@code vectors} vectors of output channels. */
  static String correlateTile(int rows, int vectors) {
    boolean two = vectors == 2;
    var text = new StringBuilder();
    text.append(
        "private static void correlate%dx%d(float[] x, int xAt, int xStep, float[] s, int sAt, %sint columns, float[] w, int wAt, int wRow%s) {\n"
            .formatted(rows, vectors, two ? "int sNext, " : "", two ? ", int wNext" : ""));
    text.append("FloatVector a0v0 = FloatVector.zero(S);\n");
    for (int i = 0; i < rows * vectors; i++) {
      if (i > 0) text.append("FloatVector a%dv%d = a0v0;\n".formatted(i / vectors, i % vectors));
    }
    text.append("for (int c = 0, from = xAt, at = sAt; c < columns; c++, from += xStep, at += BLOCK) {\n");
    text.append("FloatVector s0 = FloatVector.fromArray(S, s, at);\n");
    if (two) text.append("FloatVector s1 = FloatVector.fromArray(S, s, at + sNext);\n");
    for (int i = 0; i < rows; i++) {
      text.append(
          "%sp = FloatVector.broadcast(S, x[from%s]);\n"
              .formatted(i == 0 ? "FloatVector " : "", i == 0 ? "" : " + " + i));
      for (int v = 0; v < vectors; v++) text.append("a%1$dv%2$d = p.fma(s%2$d, a%1$dv%2$d);\n".formatted(i, v));
    }
    text.append("}\n");
    for (int i = 0; i < rows; i++) {
      for (int v = 0; v < vectors; v++) {
        String at = i == 0 ? "wAt" : i == 1 ? "wAt + wRow" : "wAt + " + i + " * wRow";
        if (v > 0) at += " + wNext";
        text.append("FloatVector.fromArray(S, w, %3$s).add(a%1$dv%2$d).intoArray(w, %3$s);\n".formatted(i, v, at));
      }
    }
    return text.append("}\n\n").toString();
  }

  static final String TEMPLATE =
      """
      package dev.hedgerow.engine.simd;

      import dev.hedgerow.engine.kernel.Kernels;
      import dev.hedgerow.engine.kernel.ScalarKernels;
      @FENCE@import jdk.incubator.vector.FloatVector;
      import jdk.incubator.vector.VectorMask;
      import jdk.incubator.vector.VectorOperators;
      import jdk.incubator.vector.VectorShuffle;
      import jdk.incubator.vector.VectorSpecies;
      import org.jspecify.annotations.Nullable;

      /** The kernels with vectors of @BITS@ bits. Written by build/GenerateKernels.java. */
      final class VectorKernels@BITS@ implements Kernels {
        /**
         * The one kind of vector in the process. With a second the methods of the Vector API, which all
         * kinds share, see two classes; C2 then leaves the vectors of every kernel in boxes.
         */
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_@BITS@;

        /** Asked of a vector, as C2 knows the class of vectors once the species has made one. */
        private static final int LANES = FloatVector.zero(S).length();

        @SHUFFLES@
        @Override
        public String name() {
          return "vector-@BITS@";
        }

        @Override
        public int tile() {
          return @TILE@;
        }

        @Override
        public void convolve(float[] x, int xAt, int terms, float[] w, int wAt, int wBlock, float @Nullable [] start, int startAt, float[] y, int yAt, int yBlock, int outputBlocks, int columns) {
          @START@
          @CONVOLVE@
        }

        @FIRST_TERM@
        @TILES@
        @Override
        public void depthwise(float[] x, int xAt, int xStep, int[] taps, float[] w, int wAt, float[] y, int yAt, int yStep, int columns, float[] bias, int biasAt) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector start = FloatVector.fromArray(S, bias, biasAt + lane);
            for (int column = 0; column < columns; column++) {
              int from = xAt + column * xStep + lane;
              FloatVector sum = start;
              for (int tap = 0; tap < taps.length; tap++) {
                FloatVector weight = FloatVector.fromArray(S, w, wAt + tap * BLOCK + lane);
                sum = FloatVector.fromArray(S, x, from + taps[tap]).fma(weight, sum);
              }
              sum.intoArray(y, yAt + column * yStep + lane);
            }
          }
        }

        @Override
        public void copyPixels(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count) {
          for (int p = 0; p < count; p++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
              FloatVector.fromArray(S, x, xAt + p * xStep + lane).intoArray(y, yAt + p * yStep + lane);
            }
          }
        }

        @Override
        public void scalePixels(float[] x, int xAt, int xStep, float[] factor, float[] offset, int at, float[] y, int yAt, int yStep, int count) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector factors = FloatVector.fromArray(S, factor, at + lane);
            FloatVector offsets = FloatVector.fromArray(S, offset, at + lane);
            for (int p = 0; p < count; p++) {
              FloatVector pixel = FloatVector.fromArray(S, x, xAt + p * xStep + lane);
              pixel.fma(factors, offsets).max(0f).intoArray(y, yAt + p * yStep + lane);
            }
          }
        }

        @Override
        public void finish(float[] sums, int at, float @Nullable [] add, float low, float[] y, int yAt, int count) {
          if (add == null) {
            for (int i = 0; i < count; i += LANES) {
              FloatVector.fromArray(S, sums, at + i).max(low).intoArray(y, yAt + i);
            }
          } else {
            for (int i = 0; i < count; i += LANES) {
              FloatVector sum = FloatVector.fromArray(S, sums, at + i);
              sum.add(FloatVector.fromArray(S, add, yAt + i)).max(low).intoArray(y, yAt + i);
            }
          }
        }

        @Override
        public void winogradWeights(float[] w, int wAt, int[] taps, int channels, int row, float[] u, int uAt, int uStep) {
          FloatVector four = FloatVector.broadcast(S, 4);
          FloatVector g0 = FloatVector.broadcast(S, ScalarKernels.G[3 * row]);
          FloatVector g1 = FloatVector.broadcast(S, ScalarKernels.G[3 * row + 1]);
          FloatVector g2 = FloatVector.broadcast(S, ScalarKernels.G[3 * row + 2]);
        @WINOGRAD_STARTS@
          if (row == 0 || row == 5) {
            // G's first row and its last have one number that is not 0.
            int only = row == 0 ? 0 : 6;
            FloatVector g = FloatVector.broadcast(S, ScalarKernels.G[3 * row + only / 3]);
            int from0 = wAt + taps[only];
            int from1 = wAt + taps[only + 1];
            int from2 = wAt + taps[only + 2];
            for (int i = 0; i < channels * BLOCK; i += LANES) {
              FloatVector d0 = FloatVector.fromArray(S, w, from0 + i).mul(g);
              FloatVector d1 = FloatVector.fromArray(S, w, from1 + i).mul(g);
              FloatVector d2 = FloatVector.fromArray(S, w, from2 + i).mul(g);
        @WINOGRAD_COLUMNS@
            }
            return;
          }
          for (int i = 0; i < channels * BLOCK; i += LANES) {
        @WINOGRAD_ROWS@
        @WINOGRAD_COLUMNS@
          }
        }

        @Override
        public void winogradInput(float[] x, int xAt, int xRow, float[] scratch, float[] v, int vAt, int vStep) {
          FloatVector two = FloatVector.broadcast(S, 2);
          FloatVector minusTwo = FloatVector.broadcast(S, -2);
          FloatVector four = FloatVector.broadcast(S, 4);
          FloatVector minusFour = FloatVector.broadcast(S, -4);
          FloatVector minusFive = FloatVector.broadcast(S, -5);
          for (int lane = 0; lane < BLOCK; lane += LANES) {
        @WINOGRAD_INPUT@
          }
        }

        @Override
        public void winogradOutput(float[] m, int mAt, int mStep, float[] bias, int biasAt, float[] scratch, float[] y, int yAt, int yRow) {
          FloatVector two = FloatVector.broadcast(S, 2);
          FloatVector four = FloatVector.broadcast(S, 4);
          FloatVector eight = FloatVector.broadcast(S, 8);
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector start = FloatVector.fromArray(S, bias, biasAt + lane);
        @WINOGRAD_OUTPUT@
          }
        }

        @Override
        public void correlate(float[] x, int xAt, int xStep, int channels, float[] s, int sAt, int sBlock, int outputBlocks, int columns, float[] w, int wAt) {
          @CORRELATE@
        }

        @CORRELATE_TILES@
        @Override
        public void correlateDepthwise(float[] x, int xAt, int xStep, float[] s, int sAt, int columns, float[] w, int wAt) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector sum = FloatVector.zero(S);
            for (int column = 0; column < columns; column++) {
              FloatVector value = FloatVector.fromArray(S, x, xAt + column * xStep + lane);
              sum = value.fma(FloatVector.fromArray(S, s, sAt + column * BLOCK + lane), sum);
            }
            FloatVector.fromArray(S, w, wAt + lane).add(sum).intoArray(w, wAt + lane);
          }
        }

        @Override
        public void multiplyRows(float[] w, int wAt, int rows, int columns, float[] x, int xAt, float[] y, int yAt) {
          int r = 0;
          for (; r + 4 <= rows; r += 4) multiplyFourRows(w, wAt + r * columns, columns, x, xAt, y, yAt + r);
          for (; r < rows; r++) y[yAt + r] = multiplyRow(w, wAt + r * columns, columns, x, xAt);
        }

        private static void multiplyFourRows(float[] w, int at0, int columns, float[] x, int xAt, float[] y, int yAt) {
          int at1 = at0 + columns;
          int at2 = at1 + columns;
          int at3 = at2 + columns;
          FloatVector sum0 = FloatVector.zero(S);
          FloatVector sum1 = sum0;
          FloatVector sum2 = sum0;
          FloatVector sum3 = sum0;
          int i = 0;
          for (int bound = S.loopBound(columns); i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(S, x, xAt + i);
            sum0 = FloatVector.fromArray(S, w, at0 + i).fma(value, sum0);
            sum1 = FloatVector.fromArray(S, w, at1 + i).fma(value, sum1);
            sum2 = FloatVector.fromArray(S, w, at2 + i).fma(value, sum2);
            sum3 = FloatVector.fromArray(S, w, at3 + i).fma(value, sum3);
          }
          y[yAt] = sum(sum0) + tail(w, at0, i, columns, x, xAt);
          y[yAt + 1] = sum(sum1) + tail(w, at1, i, columns, x, xAt);
          y[yAt + 2] = sum(sum2) + tail(w, at2, i, columns, x, xAt);
          y[yAt + 3] = sum(sum3) + tail(w, at3, i, columns, x, xAt);
        }

        private static float multiplyRow(float[] w, int wAt, int columns, float[] x, int xAt) {
          FloatVector sum = FloatVector.zero(S);
          int i = 0;
          for (int bound = S.loopBound(columns); i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(S, x, xAt + i);
            sum = FloatVector.fromArray(S, w, wAt + i).fma(value, sum);
          }
          return sum(sum) + tail(w, wAt, i, columns, x, xAt);
        }

        /**
         * Returns the same vector, −0 + v. C2 knows the class of a vector that was just made, but of one
         * that a loop hands on only what a profile says; without one, a call on it is virtual and needs
         * a box. Receivers in and after loops are therefore loaded vectors, or known; but for intoArray of
         * accumulators, whose one virtual call, of length, has a profile by then.
         */
        private static FloatVector known(FloatVector v) {
          return FloatVector.broadcast(S, -0f).add(v);
        }

        /** Sums lanes in one fixed order; that of {@code reduceLanes} may change once it is compiled. */
        private static float sum(FloatVector lanes) {
          lanes = known(lanes);
          @HALVES@
          return lanes.lane(0);
        }

        private static float tail(float[] w, int wAt, int i, int columns, float[] x, int xAt) {
          float sum = 0;
          for (; i < columns; i++) sum += w[wAt + i] * x[xAt + i];
          return sum;
        }

        @Override
        public void addMultiple(float factor, float[] w, int wAt, float[] y, int yAt, int count) {
          FloatVector factors = FloatVector.broadcast(S, factor);
          int i = 0;
          for (int bound = S.loopBound(count); i < bound; i += LANES) {
            FloatVector sum = FloatVector.fromArray(S, y, yAt + i);
            FloatVector.fromArray(S, w, wAt + i).fma(factors, sum).intoArray(y, yAt + i);
          }
          ScalarKernels.INSTANCE.addMultiple(factor, w, wAt + i, y, yAt + i, count - i);
        }

        @Override
        public void windowMaxima(float[] x, int xAt, int xStep, int rows, int rowStep, int columns, int columnStep, float[] y, int yAt, int count) {
          if (rows == 3 && columns == 3) {
            windowMaxima3(x, xAt, xStep, rowStep, columnStep, y, yAt, count);
            return;
          }
          for (int window = 0; window < count; window++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
              int at = xAt + window * xStep + lane;
              FloatVector maximum = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
              for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                  maximum = FloatVector.fromArray(S, x, at + r * rowStep + c * columnStep).max(maximum);
                }
              }
              maximum.intoArray(y, yAt + window * BLOCK + lane);
            }
          }
        }

        /** Of 3×3, which most networks have: loops over so few pixels take longer than their maxima. */
        private static void windowMaxima3(float[] x, int xAt, int xStep, int rowStep, int columnStep, float[] y, int yAt, int count) {
          for (int window = 0; window < count; window++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
              int at = xAt + window * xStep + lane;
              FloatVector first = maximumOf3(x, at, columnStep);
              FloatVector second = maximumOf3(x, at + rowStep, columnStep);
              FloatVector third = maximumOf3(x, at + 2 * rowStep, columnStep);
              first.max(second).max(third).intoArray(y, yAt + window * BLOCK + lane);
            }
          }
        }

        private static FloatVector maximumOf3(float[] x, int at, int step) {
          FloatVector first = FloatVector.fromArray(S, x, at);
          FloatVector second = FloatVector.fromArray(S, x, at + step);
          return first.max(second).max(FloatVector.fromArray(S, x, at + 2 * step));
        }

        @Override
        public boolean isLevel(float[] x, int xAt, int rows, int rowStep, int columns, int columnStep, float[] least, int leastAt, float factor, float share) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector smallest = FloatVector.broadcast(S, Float.POSITIVE_INFINITY);
            FloatVector largest = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
            for (int r = 0; r < rows; r++) {
              for (int c = 0; c < columns; c++) {
                FloatVector value = FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane);
                smallest = value.min(smallest);
                largest = value.max(largest);
              }
            }
            FloatVector bound = FloatVector.fromArray(S, least, leastAt + lane).mul(factor);
            bound = bound.max(known(largest).max(known(smallest).neg()).mul(share));
            if (bound.compare(VectorOperators.GT, smallest).anyTrue()) return false;
          }
          return true;
        }

        @Override
        public int subtractPixels(float[] a, int aAt, int aStep, float[] b, int bAt, float[] y, int yAt, int count, float share) {
          for (int pixel = 0; pixel < count; pixel++) {
            boolean small = false;
            for (int lane = 0; lane < BLOCK; lane += LANES) {
              FloatVector from = FloatVector.fromArray(S, a, aAt + pixel * aStep + lane);
              FloatVector difference = from.sub(FloatVector.fromArray(S, b, bAt + pixel * BLOCK + lane));
              difference.intoArray(y, yAt + pixel * BLOCK + lane);
              small |= difference.compare(VectorOperators.LT, from.mul(share)).anyTrue();
            }
            if (small) return pixel;
          }
          return count;
        }

        @Override
        public void windowSum(float[] x, int xAt, int rows, int rowStep, int columns, int columnStep, float factor, float[] y, int yAt) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector sum = FloatVector.zero(S);
            for (int r = 0; r < rows; r++) {
              for (int c = 0; c < columns; c++) {
                sum = FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane).add(sum);
              }
            }
            known(sum).mul(factor).intoArray(y, yAt + lane);
          }
        }

        @Override
        public void routeToMaximum(float[] x, int xAt, int rows, int rowStep, int columns, int columnStep, float[] s, int sAt, float[] dx) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector best = FloatVector.fromArray(S, x, xAt + lane);
            FloatVector winner = FloatVector.zero(S);
            for (int r = 0; r < rows; r++) {
              for (int c = 0; c < columns; c++) {
                FloatVector value = FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane);
                VectorMask<Float> better = value.compare(VectorOperators.GT, best);
                best = known(best).blend(value, better);
                winner = known(winner).blend((float) (r * columns + c), better);
              }
            }
            FloatVector signal = FloatVector.fromArray(S, s, sAt + lane);
            for (int r = 0; r < rows; r++) {
              for (int c = 0; c < columns; c++) {
                int at = xAt + r * rowStep + c * columnStep + lane;
                VectorMask<Float> here = known(winner).eq((float) (r * columns + c));
                FloatVector.fromArray(S, dx, at).add(signal, here).intoArray(dx, at);
              }
            }
          }
        }

        @Override
        public void addToWindow(float[] dx, int xAt, int rows, int rowStep, int columns, int columnStep, float factor, float[] s, int sAt) {
          for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector signal = FloatVector.fromArray(S, s, sAt + lane).mul(factor);
            for (int r = 0; r < rows; r++) {
              for (int c = 0; c < columns; c++) {
                int at = xAt + r * rowStep + c * columnStep + lane;
                FloatVector.fromArray(S, dx, at).add(signal).intoArray(dx, at);
              }
            }
          }
        }

        @Override
        public double shares(float[] r, int rAt, double positive, double negative, float ofP, float ofN, float[] z, int zAt, float ignored, float[] s, int sAt, int count) {
          if (!isSplit(positive) || !isSplit(negative)) {
            return ScalarKernels.INSTANCE.shares(r, rAt, positive, negative, ofP, ofN, z, zAt, ignored, s, sAt, count);
          }
          float positive0 = (float) positive;
          float positive1 = (float) (positive - positive0);
          float negative0 = (float) negative;
          float negative1 = (float) (negative - negative0);
          FloatVector sum = FloatVector.zero(S);
          FloatVector lost = FloatVector.zero(S);
          int i = 0;
          for (; i <= count - LANES; i += LANES) {
            FloatVector relevance = FloatVector.fromArray(S, r, rAt + i);
            FloatVector raising = relevance.max(0f);
            FloatVector lowering = relevance.min(0f);
            FloatVector p = raising.fma(FloatVector.broadcast(S, positive0), raising.mul(positive1));
            FloatVector n = lowering.fma(FloatVector.broadcast(S, negative0), lowering.mul(negative1));
            FloatVector y = p.mul(ofP).add(n.mul(ofN));
            FloatVector divisor = FloatVector.fromArray(S, z, zAt + i);
            VectorMask<Float> ignore = divisor.abs().compare(VectorOperators.LE, ignored);
            y.div(divisor).blend(0f, ignore).intoArray(s, sAt + i);
            // Knuth's two-sum: what is rounded away is kept, so the sum is as good as one of doubles.
            FloatVector summand = y.blend(0f, ignore);
            FloatVector total = summand.add(sum);
            FloatVector added = total.sub(sum);
            lost = summand.sub(added).sub(total.sub(added).sub(sum)).add(lost);
            sum = total;
          }
          double rest = ScalarKernels.INSTANCE.shares(r, rAt + i, positive, negative, ofP, ofN, z, zAt + i, ignored, s, sAt + i, count - i);
          sum = known(sum);
          lost = known(lost);
          return @SUM@rest;
        }

        /**
         * Whether a number is nearly the sum of two floats, so that x·f = x·f₀ + x·f₁ is within an ulp
         * of the product. A double that is too large or too small for that is not.
         */
        private static boolean isSplit(double factor) {
          return factor == 0 || Math.abs(factor) > 0x1p-100 && Math.abs(factor) < 0x1p+100;
        }

        @Override
        public void hedge(float[] x, int xAt, float[] c, int cAt, float[] a, int aAt, float[] u, int uAt, float psi, float[] y, int yAt, int count) {
          int i = 0;
          for (; i <= count - LANES; i += LANES) {
            FloatVector contribution = FloatVector.fromArray(S, c, cAt + i);
            VectorMask<Float> none = contribution.compare(VectorOperators.EQ, 0f);
            VectorMask<Float> active = FloatVector.fromArray(S, x, xAt + i).compare(VectorOperators.GT, 0f);
            FloatVector shared = FloatVector.fromArray(S, u, uAt + i).blend(FloatVector.fromArray(S, a, aAt + i), active);
            contribution.sub(psi).blend(0f, none).add(shared).intoArray(y, yAt + i);
          }
          ScalarKernels.INSTANCE.hedge(x, xAt + i, c, cAt + i, a, aAt + i, u, uAt + i, psi, y, yAt + i, count - i);
        }
      }
      """;
}
