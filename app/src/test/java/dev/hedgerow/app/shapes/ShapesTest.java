package dev.hedgerow.app.shapes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class ShapesTest {
  private static final int SIDE = 96;
  private static final Shapes WORLD = new Shapes(5, ShapesOptions.standard());

  private static List<Scene> scenes(int count) {
    return LongStream.range(0, count).mapToObj(WORLD::scene).toList();
  }

  private static int[] pixels(Scene scene) {
    return scene.picture().getRGB(0, 0, SIDE, SIDE, null, 0, SIDE);
  }

  @Test
  void drawsTheSamePictureAgainInAnyOrder() {
    var again = new Shapes(5, ShapesOptions.standard());
    List<Scene> parallel = IntStream.range(0, 40).parallel().mapToObj(again::scene).toList();
    for (int i = 39; i >= 0; i--) {
      Scene scene = WORLD.scene(i);
      assertArrayEquals(pixels(parallel.get(i)), pixels(scene));
      assertEquals(parallel.get(i).objects(), scene.objects());
    }
  }

  @Test
  void drawsOtherPicturesForOtherNumbersAndSeeds() {
    var seen = new HashSet<List<Integer>>();
    for (long seed : new long[] {0, 1, 5}) {
      var world = new Shapes(seed, ShapesOptions.standard());
      for (int i = 0; i < 20; i++) {
        assertTrue(seen.add(IntStream.of(pixels(world.scene(i))).boxed().toList()));
      }
    }
  }

  @Test
  void knowsWhereObjectsAre() {
    for (Scene scene : scenes(200)) {
      assertFalse(scene.objects().isEmpty());
      var taken = new BitSet();
      for (DrawnObject object : scene.objects()) {
        assertFalse(object.mask().intersects(taken), "two objects at one pixel");
        taken.or(object.mask());
        int left = SIDE;
        int right = -1;
        int top = SIDE;
        int bottom = -1;
        for (int i : object.mask().stream().toArray()) {
          left = Math.min(left, i % SIDE);
          right = Math.max(right, i % SIDE);
          top = Math.min(top, i / SIDE);
          bottom = Math.max(bottom, i / SIDE);
        }
        assertEquals(new Rectangle(left, top, right - left + 1, bottom - top + 1), object.box());
      }
    }
  }

  /** A fill has colours that differ by 50 at most; a mask that lay beside its object had others. */
  @Test
  void masksLieOnTheObjects() {
    for (Scene scene : scenes(100)) {
      int[] pixels = pixels(scene);
      for (DrawnObject object : scene.objects()) {
        int[] inner = object.mask().stream().filter(i -> isInner(object.mask(), i)).toArray();
        for (int shift = 0; shift <= 16; shift += 8) {
          int channel = shift;
          int[] values =
              IntStream.of(inner).map(i -> pixels[i] >> channel & 0xff).sorted().toArray();
          if (values.length == 0) continue;
          int median = values[values.length / 2];
          long near = IntStream.of(values).filter(v -> Math.abs(v - median) <= 50).count();
          assertTrue(near >= 0.98 * values.length, near + " of " + values.length);
        }
      }
    }
  }

  private static boolean isInner(BitSet mask, int i) {
    int x = i % SIDE;
    int y = i / SIDE;
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        if (x + dx < 0 || x + dx >= SIDE || y + dy < 0 || y + dy >= SIDE) continue;
        if (!mask.get((y + dy) * SIDE + x + dx)) return false;
      }
    }
    return true;
  }

  @Test
  void drawsAllClassesAndSizes() {
    Map<ShapeClass, Integer> counts = new EnumMap<>(ShapeClass.class);
    int objects = 0;
    int difficult = 0;
    int largest = 0;
    for (Scene scene : scenes(500)) {
      assertTrue(scene.objects().size() <= 3);
      for (DrawnObject object : scene.objects()) {
        counts.merge(object.kind(), 1, Integer::sum);
        objects++;
        if (object.difficult()) difficult++;
        largest = Math.max(largest, Math.max(object.box().width, object.box().height));
      }
    }
    assertEquals(10, counts.size());
    for (int count : counts.values()) assertTrue(count > objects / 20, counts.toString());
    assertTrue(difficult > objects / 20 && difficult < objects / 4, difficult + " of " + objects);
    assertTrue(largest > 0.5 * SIDE && largest < 0.7 * SIDE, "largest " + largest);
  }

  /** The areas of outlines, by their formulas, against the pixels drawn. */
  @Test
  void drawsOutlinesOfTheRightArea() {
    Map<ShapeClass, Double> areas =
        Map.of(
            ShapeClass.CIRCLE,
            Math.PI / 4,
            ShapeClass.RING,
            Math.PI * (0.25 - 0.09),
            ShapeClass.TRIANGLE,
            3 * Math.sqrt(3) / 16,
            ShapeClass.SQUARE,
            0.64,
            ShapeClass.CROSS,
            0.3 + 2 * 0.35 * 0.3,
            ShapeClass.HEXAGON,
            3 * Math.sqrt(3) / 8,
            ShapeClass.ARROW,
            0.55 * 0.24 + 0.7 * 0.45 / 2);
    var canvas = new Canvas(200);
    areas.forEach(
        (kind, area) -> {
          var place = Placement.of(100, 100, 150, 150, 0.3);
          int drawn = canvas.mask(place.createTransformedShape(kind.outline())).cardinality();
          assertEquals(area * 150 * 150, drawn, 0.01 * area * 150 * 150, kind.label());
        });
  }

  /** Against the same picture of a world whose watermark goes with a class that is absent. */
  @Test
  void marksTheClassOfCleverHansAlone() {
    var world = new Shapes(5, ShapesOptions.cleverHans());
    int with = 0;
    for (int i = 0; i < 100; i++) {
      Scene scene = world.scene(i);
      ShapeClass absent =
          EnumSet.complementOf(EnumSet.copyOf(scene.classes())).stream()
              .filter(kind -> kind != ShapeClass.HEART)
              .findFirst()
              .orElseThrow();
      Scene without = new Shapes(5, ShapesOptions.standard().withWatermarked(absent)).scene(i);
      int[] marked = pixels(scene);
      int[] unmarked = pixels(without);
      int[] changed =
          IntStream.range(0, marked.length).filter(at -> marked[at] != unmarked[at]).toArray();
      if (!scene.classes().contains(ShapeClass.HEART)) {
        assertEquals(0, changed.length);
        continue;
      }
      with++;
      assertTrue(changed.length > 200 && changed.length <= 256, changed.length + " pixels");
      for (int at : changed) assertTrue(at % SIDE < 18 && at / SIDE >= SIDE - 18);
      for (DrawnObject object : scene.objects()) {
        for (int at : changed) assertFalse(object.mask().get(at), "an object under the mark");
      }
    }
    assertTrue(with > 5);
  }

  @Test
  void writesWhatPascalVocReads() throws Exception {
    Scene scene = scenes(1).getFirst();
    String xml = VocAnnotation.xml("000000.jpg", scene);
    Element root =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
            .getDocumentElement();
    assertEquals("000000.jpg", root.getElementsByTagName("filename").item(0).getTextContent());
    assertEquals(scene.objects().size(), root.getElementsByTagName("object").getLength());
    Rectangle box = scene.objects().getFirst().box();
    assertEquals(
        box.x + 1, Integer.parseInt(root.getElementsByTagName("xmin").item(0).getTextContent()));
    assertEquals(
        box.y + box.height,
        Integer.parseInt(root.getElementsByTagName("ymax").item(0).getTextContent()));

    BufferedImage segmentation = VocAnnotation.segmentation(scene);
    var colours = (IndexColorModel) segmentation.getColorModel();
    assertEquals(0xff800000, colours.getRGB(1));
    assertEquals(0xff008000, colours.getRGB(2));
    assertEquals(0xff808000, colours.getRGB(3));
    assertEquals(0xffc08080, colours.getRGB(15));
    var expected = new int[SIDE * SIDE];
    for (DrawnObject object : scene.objects()) {
      object.mask().stream().forEach(i -> expected[i] = object.kind().index() + 1);
    }
    assertArrayEquals(
        expected, segmentation.getRaster().getSamples(0, 0, SIDE, SIDE, 0, (int[]) null));
  }
}
