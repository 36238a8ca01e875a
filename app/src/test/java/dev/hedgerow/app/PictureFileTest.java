package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Tensor;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.FileImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PictureFileTest {
  @TempDir private Path folder;

  /**
   * Small pictures that we drew, one of each kind, beside what Pillow reads in them: see README.txt
   * there. Lossy decoders round differently.
   */
  @ParameterizedTest
  @MethodSource("goldens")
  void readsWhatPillowReads(Path file) throws Exception {
    Picture picture = PictureFile.read(file, true);
    byte[] ppm = Files.readAllBytes(Path.of(file + ".ppm"));
    String header = "P6\n%d %d\n255\n".formatted(picture.width(), picture.height());
    assertEquals(header, new String(ppm, 0, header.length(), StandardCharsets.US_ASCII));
    assertEquals(header.length() + picture.rgb().length, ppm.length);
    byte[] expected = Arrays.copyOfRange(ppm, header.length(), ppm.length);
    String name = String.valueOf(file.getFileName());
    if (name.startsWith("lossy")) {
      // WebP stores a colour for four pixels. Pillow's decoder blends between them, ours does not,
      // so only the light agrees to rounding.
      for (int i = 0; i < expected.length; i += 3) {
        assertEquals(light(expected, i), light(picture.rgb(), i), 3, name);
      }
      return;
    }
    int tolerance = name.endsWith(".jpg") ? 2 : 0;
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i] & 255, picture.rgb()[i] & 255, tolerance, name + " at " + i);
    }
  }

  private static double light(byte[] rgb, int at) {
    return 0.299 * (rgb[at] & 255) + 0.587 * (rgb[at + 1] & 255) + 0.114 * (rgb[at + 2] & 255);
  }

  private static Path golden(String name) throws URISyntaxException {
    URL file = PictureFileTest.class.getResource("/pictures/" + name);
    return Path.of(Objects.requireNonNull(file).toURI());
  }

  static Stream<Path> goldens() throws Exception {
    try (Stream<Path> files = Files.list(golden("").toAbsolutePath())) {
      return files
          .filter(file -> !file.toString().endsWith(".ppm") && !file.toString().endsWith(".txt"))
          .sorted()
          .toList()
          .stream();
    }
  }

  /** The eight files hold the same pixels, which are what is read without the tag. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void leavesThePictureAsItIsStoredIfAskedTo(int orientation) throws Exception {
    Path upright = golden("orientation1.png");
    Path turned = golden("orientation" + orientation + ".png");
    Picture stored = PictureFile.read(turned, false);
    assertEquals(11, stored.height());
    assertArrayEquals(PictureFile.read(upright, true).rgb(), stored.rgb());
    byte[] honoured = PictureFile.read(turned, true).rgb();
    assertEquals(orientation == 1, Arrays.equals(stored.rgb(), honoured));
  }

  @Test
  void anOrientationThatMakesNoSenseIsNone() {
    byte[] tiff = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
    assertEquals(Orientation.TURNED_LEFT, Exif.orientation(ByteBuffer.wrap(tiff)));
    for (int value : new int[] {0, 9, 255}) {
      byte[] odd = tiff.clone();
      odd[19] = (byte) value;
      assertEquals(Orientation.UPRIGHT, Exif.orientation(ByteBuffer.wrap(odd)));
    }
    for (int length = 0; length < 22; length++) {
      ByteBuffer part = ByteBuffer.wrap(Arrays.copyOf(tiff, length));
      assertEquals(Orientation.UPRIGHT, Exif.orientation(part));
    }
    var random = new Random(3);
    for (int tries = 0; tries < 10_000; tries++) {
      byte[] damaged = tiff.clone();
      for (int i = 0; i < 3; i++) damaged[random.nextInt(22)] = (byte) random.nextInt();
      Exif.orientation(ByteBuffer.wrap(damaged));
    }
  }

  /** Bands of rows give what the whole gives. */
  @Test
  void resizesInBands() throws Exception {
    var image = new BufferedImage(1500, 1501, BufferedImage.TYPE_3BYTE_BGR);
    var random = new Random(4);
    byte[] bytes = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    random.nextBytes(bytes);
    Picture picture = read(write(image, "bmp"));
    Engine engine = Engine.sequential();
    Tensor whole = Resize.pillowBilinear(engine, picture.pixels(), 37, 41);
    assertArrayEquals(whole.toArray(), picture.resized(engine, 37, 41).toArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp"})
  void readsColours(String format) throws Exception {
    var image = new BufferedImage(2, 1, BufferedImage.TYPE_3BYTE_BGR);
    image.setRGB(0, 0, 0x010203);
    image.setRGB(1, 0, 0xfffe64);
    assertPixels(write(image, format), 1, 2, 1, 255, 2, 254, 3, 100);
  }

  @Test
  void readsRowsFromTheTop() throws Exception {
    var image = new BufferedImage(1, 3, BufferedImage.TYPE_3BYTE_BGR);
    for (int y = 0; y < 3; y++) image.setRGB(0, y, y << 16);
    for (String format : new String[] {"png", "bmp"}) {
      assertPixels(write(image, format), 3, 1, 0, 1, 2, 0, 0, 0, 0, 0, 0);
    }
  }

  @Test
  void dropsAlphaWithoutComposing() throws Exception {
    var image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x80ff0a14);
    image.setRGB(1, 0, 0x000a0b0c);
    assertPixels(write(image, "png"), 1, 2, 255, 10, 10, 11, 20, 12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpg"})
  void replicatesGreyWithoutGamma(String format) throws Exception {
    var image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
    fill(image.getRaster(), 100);
    float[] expected = new float[3 * 64];
    Arrays.fill(expected, 100);
    assertArrayEquals(expected, read(write(image, format)).pixels().toArray());
  }

  @Test
  void replicatesGreyBesideAlpha() throws Exception {
    var space = ColorSpace.getInstance(ColorSpace.CS_GRAY);
    var model =
        new ComponentColorModel(space, true, false, Transparency.TRANSLUCENT, DataBuffer.TYPE_BYTE);
    WritableRaster raster = model.createCompatibleWritableRaster(1, 1);
    raster.setPixel(0, 0, new int[] {100, 7});
    assertPixels(write(new BufferedImage(model, raster, false, null), "png"), 1, 1, 100, 100, 100);
  }

  @Test
  void takesTheUpperByteOfSixteenBits() throws Exception {
    var grey = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    grey.getRaster().setSample(0, 0, 0, 0x64ff);
    assertPixels(write(grey, "png"), 1, 1, 100, 100, 100);
    var space = ColorSpace.getInstance(ColorSpace.CS_sRGB);
    var type =
        ImageTypeSpecifier.createInterleaved(
            space, new int[] {0, 1, 2}, DataBuffer.TYPE_USHORT, false, false);
    BufferedImage colour = type.createBufferedImage(1, 1);
    colour.getRaster().setPixel(0, 0, new int[] {0x01ff, 0xff00, 0x6480});
    assertPixels(write(colour, "png"), 1, 1, 1, 255, 100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp"})
  void readsPalettes(String format) throws Exception {
    byte[] red = Arrays.copyOf(new byte[] {1, 2, 3, 100}, 256);
    byte[] green = Arrays.copyOf(new byte[] {(byte) 255, 5, 6, 101}, 256);
    byte[] blue = Arrays.copyOf(new byte[] {7, 8, 9, 102}, 256);
    var palette = new IndexColorModel(8, 256, red, green, blue);
    var image = new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    for (int x = 0; x < 4; x++) image.getRaster().setSample(x, 0, 0, x);
    assertPixels(write(image, format), 1, 4, 1, 2, 3, 100, 255, 5, 6, 101, 7, 8, 9, 102);
  }

  @Test
  void aTransparentPaletteEntryKeepsItsColour() throws Exception {
    byte[] red = {50, 60};
    byte[] alpha = {0, (byte) 255};
    var palette = new IndexColorModel(1, 2, red, red, red, alpha);
    var image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    assertPixels(write(image, "png"), 1, 2, 50, 60, 50, 60, 50, 60);
  }

  @Test
  void readsBlackAndWhite() throws Exception {
    var image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    image.getRaster().setSample(1, 0, 0, 1);
    assertPixels(write(image, "png"), 1, 2, 0, 255, 0, 255, 0, 255);
  }

  @Test
  void readsPackedBitmaps() throws Exception {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_555_RGB);
    image.getRaster().setPixel(0, 0, new int[] {31, 0, 16});
    assertPixels(write(image, "bmp"), 1, 1, 255, 0, 16 * 255 / 31);
  }

  @Test
  void leavesAColourProfileUnapplied() throws Exception {
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    byte[] jpeg = Files.readAllBytes(write(noise(), "jpg"));
    int afterJfif = 4 + ((jpeg[4] & 255) << 8 | jpeg[5] & 255);
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.write(jpeg, 0, afterJfif);
    out.writeShort(0xffe2);
    out.writeShort(2 + 14 + profile.length);
    out.writeBytes("ICC_PROFILE\0\1\1");
    out.write(profile);
    out.write(jpeg, afterJfif, jpeg.length - afterJfif);
    Path tagged = folder.resolve("tagged.jpg");
    Files.write(tagged, bytes.toByteArray());
    Path plain = folder.resolve("plain.jpg");
    Files.write(plain, jpeg);
    BufferedImage converted = ImageIO.read(tagged.toFile());
    assertNotEquals(
        ImageIO.read(plain.toFile()).getRGB(9, 9), converted.getRGB(9, 9), "the profile matters");
    assertArrayEquals(read(plain).pixels().toArray(), read(tagged).pixels().toArray());
  }

  @Test
  void readsColouredJpegs() throws Exception {
    var image = new BufferedImage(16, 16, BufferedImage.TYPE_3BYTE_BGR);
    for (int i = 0; i < 256; i++) image.setRGB(i % 16, i / 16, 0xc86432);
    float[] pixels = read(write(image, "jpg")).pixels().toArray();
    int[] expected = {200, 100, 50};
    for (int i = 0; i < pixels.length; i++) assertEquals(expected[i / 256], pixels[i], 3);
  }

  @Test
  void readsASinglePixel() throws Exception {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
    image.setRGB(0, 0, 0x0a141e);
    assertPixels(write(image, "png"), 1, 1, 10, 20, 30);
  }

  @Test
  void refusesWhatIsNoPicture() throws Exception {
    String expected = ", expected jpg, png, bmp, gif or webp";
    Path text = folder.resolve("text.jpg");
    Files.writeString(text, "This is no picture.\n");
    assertFailure(text, ": not a picture that is read here" + expected);
    Path empty = Files.createFile(folder.resolve("empty.png"));
    assertFailure(empty, ": the file is empty" + expected);
    assertFailure(folder.resolve("missing.png"), ": no such file");
    assertFailure(folder, ": a folder, expected a picture");
    Path tiff = write(new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR), "tiff");
    assertFailure(tiff, ": not a picture that is read here" + expected);
  }

  @Test
  void refusesAHeaderBombBeforeDecoding() throws Exception {
    Path bomb = folder.resolve("bomb.png");
    Files.write(bomb, pngOfHeaderOnly(20_000, 20_000));
    assertFailure(
        bomb,
        ": a picture of 20000x20000 pixels, expected at most 100 megapixels and 200000 pixels a side");
  }

  @Test
  void refusesAScreenTooLargeForItsFrame() throws Exception {
    byte[] gif = Files.readAllBytes(golden("placed.gif"));
    Arrays.fill(gif, 6, 10, (byte) 0xff);
    Path file = Files.write(folder.resolve("screen.gif"), gif);
    assertFailure(
        file,
        ": a picture of 65535x65535 pixels, expected at most 100 megapixels and 200000 pixels a"
            + " side");
  }

  @Test
  void refusesAPictureInsideABitmap() throws Exception {
    // A header that states 1x1 pixels of compression 5: a PNG follows.
    ByteBuffer header = ByteBuffer.allocate(54).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 'B').put((byte) 'M').putInt(54 + 45).putInt(0).putInt(54);
    header.putInt(40).putInt(1).putInt(1).putShort((short) 1).putShort((short) 0).putInt(5);
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(header.array());
    bytes.writeBytes(pngOfHeaderOnly(20_000, 20_000));
    Path file = folder.resolve("wrapped.bmp");
    Files.write(file, bytes.toByteArray());
    assertFailure(
        file, ": a JPEG or PNG inside a BMP is not read, expected jpg, png, bmp, gif or webp");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void refusesTruncatedPictures(String format) throws Exception {
    byte[] bytes = Files.readAllBytes(write(noise(), format));
    Path file = folder.resolve("truncated." + format);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    var failure = assertThrows(Failure.class, () -> read(file));
    String message = String.valueOf(failure.getMessage());
    assertTrue(
        message.startsWith(file + ": truncated picture")
            || message.startsWith(file + ": damaged picture: "),
        message);
    assertFalse(message.contains("Exception"), message);
    assertEquals(1, message.lines().count());
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void anyDamageIsAFailureOrAPicture(String format) throws Exception {
    byte[] bytes = Files.readAllBytes(write(noise(), format));
    Path file = folder.resolve("damaged." + format);
    var random = new Random(7);
    for (int tries = 0; tries < 200; tries++) {
      byte[] damaged = bytes.clone();
      int flips = 1 + random.nextInt(4);
      for (int i = 0; i < flips; i++) {
        int reach = random.nextBoolean() ? 64 : damaged.length;
        damaged[random.nextInt(Math.min(reach, damaged.length))] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, damaged);
      try {
        Picture picture = read(file);
        for (float value : picture.pixels().toArray()) assertTrue(value >= 0 && value <= 255);
      } catch (Failure failure) {
        assertTrue(String.valueOf(failure.getMessage()).startsWith(file + ": "));
      }
    }
  }

  /** Damage beyond the size, since a picture of 100 megapixels takes a second. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lossy.webp",
        "lossless.webp",
        "lossy-alpha.webp",
        "placed.gif",
        "cmyk.jpg",
        "orientation6.png"
      })
  void damageOfRarerKindsIsAFailureOrAPicture(String name) throws Exception {
    byte[] bytes = Files.readAllBytes(golden(name));
    Path file = folder.resolve("damaged-" + name);
    var random = new Random(8);
    for (int tries = 0; tries < 150; tries++) {
      byte[] damaged = Arrays.copyOf(bytes, 32 + random.nextInt(2 * bytes.length));
      int at = 31 + random.nextInt(damaged.length - 31);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, damaged);
      try {
        read(file);
      } catch (Failure failure) {
        assertTrue(String.valueOf(failure.getMessage()).startsWith(file + ": "));
      }
    }
  }

  private static BufferedImage noise() {
    var image = new BufferedImage(32, 32, BufferedImage.TYPE_3BYTE_BGR);
    var random = new Random(1);
    for (int i = 0; i < 1024; i++) image.setRGB(i % 32, i / 32, random.nextInt(1 << 24));
    return image;
  }

  private static void fill(WritableRaster raster, int value) {
    int[] samples = new int[raster.getWidth() * raster.getHeight() * raster.getNumBands()];
    Arrays.fill(samples, value);
    raster.setPixels(0, 0, raster.getWidth(), raster.getHeight(), samples);
  }

  private static byte[] pngOfHeaderOnly(int width, int height) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var png = new DataOutputStream(bytes);
    png.write(new byte[] {(byte) 137, 'P', 'N', 'G', '\r', '\n', 26, '\n'});
    ByteBuffer header = ByteBuffer.allocate(17);
    header.put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(width).putInt(height);
    header.put(new byte[] {8, 2, 0, 0, 0});
    chunk(png, header.array());
    chunk(png, "IEND".getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  private static void chunk(DataOutputStream png, byte[] typeAndData) throws IOException {
    var crc = new CRC32();
    crc.update(typeAndData);
    png.writeInt(typeAndData.length - 4);
    png.write(typeAndData);
    png.writeInt((int) crc.getValue());
  }

  private Path write(BufferedImage image, String format) throws IOException {
    Path file = Files.createTempFile(folder, "picture", "." + format);
    ImageWriter writer =
        ImageIO.getImageWriters(ImageTypeSpecifier.createFromRenderedImage(image), format).next();
    try (var stream = new FileImageOutputStream(file.toFile())) {
      writer.setOutput(stream);
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      if (format.equals("jpg")) {
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        parameters.setCompressionQuality(1);
      }
      writer.write(null, new IIOImage(image, null, null), parameters);
    } finally {
      writer.dispose();
    }
    return file;
  }

  private static Picture read(Path file) throws Failure {
    return PictureFile.read(file, true);
  }

  private static void assertPixels(Path file, int height, int width, float... expected)
      throws Failure {
    Picture picture = read(file);
    assertEquals(height, picture.height());
    assertEquals(width, picture.width());
    assertArrayEquals(expected, picture.pixels().toArray());
  }

  private static void assertFailure(Path file, String message) {
    var failure = assertThrows(Failure.class, () -> read(file));
    assertEquals(file + message, failure.getMessage());
  }
}
