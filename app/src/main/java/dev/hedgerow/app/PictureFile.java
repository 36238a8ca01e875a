package dev.hedgerow.app;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads jpg, png, bmp and gif files into the numbers that Pillow's {@code
 * open(file).convert("RGB")} gives, which are the ones networks are trained on: stored samples as
 * they are, without a colour profile, gamma or EXIF orientation applied; grey replicated; alpha
 * dropped, not composed; of 16 bits the upper 8; of an animation the first frame.
 */
final class PictureFile {
  /** The most pixels that are decoded: 100 megapixels, 1.2 GB as float32. */
  static final long LARGEST = 100_000_000;

  private static final String EXPECTED = "expected jpg, png, bmp or gif";
  private static final Set<String> FORMATS = Set.of("jpeg", "png", "bmp", "gif");

  private PictureFile() {}

  /**
   * Reads a picture.
   *
   * @throws Failure if it is missing, no picture, too large, damaged or of a kind that is not read
   */
  static Picture read(Path file) throws Failure {
    UserFiles.check(file, "a picture");
    try (var stream = new FileImageInputStream(file.toFile())) {
      ImageReader reader = reader(file, stream);
      try {
        return read(file, reader, stream);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException damaged) {
      // Decoders answer damaged files with any unchecked exception too.
      throw new Failure(file + ": damaged picture: " + UserFiles.reason(damaged), damaged);
    }
  }

  private static ImageReader reader(Path file, ImageInputStream stream)
      throws IOException, Failure {
    if (stream.length() == 0) throw new Failure(file + ": the file is empty, " + EXPECTED);
    for (Iterator<ImageReader> readers = ImageIO.getImageReaders(stream); readers.hasNext(); ) {
      ImageReader reader = readers.next();
      if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) return reader;
      reader.dispose();
    }
    throw new Failure(file + ": not a picture that is read here, " + EXPECTED);
  }

  private static boolean isFormat(ImageReader reader, String format) throws IOException {
    return reader.getFormatName().equalsIgnoreCase(format);
  }

  private static Picture read(Path file, ImageReader reader, ImageInputStream stream)
      throws IOException, Failure {
    if (isFormat(reader, "bmp")) refuseWrappedBmp(file, stream);
    reader.setInput(stream, true, true);
    long width = reader.getWidth(0);
    long height = reader.getHeight(0);
    if (width * height > LARGEST) {
      throw new Failure(
          file
              + ": a picture of "
              + width
              + "x"
              + height
              + " pixels, expected at most "
              + LARGEST / 1_000_000
              + " megapixels");
    }
    var warnings = new ArrayList<String>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    BufferedImage image = reader.read(0, withoutProfile(reader));
    if (isTruncated(warnings)) throw new Failure(file + ": truncated picture");
    return new Picture(pixels(file, image), warnings);
  }

  /** A BMP may hold a whole JPEG or PNG of another size than it states. */
  private static void refuseWrappedBmp(Path file, ImageInputStream stream)
      throws IOException, Failure {
    stream.mark();
    stream.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    stream.seek(14);
    boolean hasCompression = stream.readUnsignedInt() >= 40;
    stream.seek(30);
    long compression = hasCompression ? stream.readUnsignedInt() : 0;
    stream.reset();
    if (compression == 4 || compression == 5) {
      throw new Failure(file + ": a JPEG or PNG inside a BMP is not read, " + EXPECTED);
    }
  }

  /** Has the JPEG decoder leave out a colour profile, as it does when bands are selected. */
  private static ImageReadParam withoutProfile(ImageReader reader) throws IOException {
    ImageReadParam parameters = reader.getDefaultReadParam();
    Iterator<ImageTypeSpecifier> types = reader.getImageTypes(0);
    if (isFormat(reader, "jpeg") && types.hasNext() && types.next().getNumBands() == 3) {
      parameters.setSourceBands(new int[] {0, 1, 2});
    }
    return parameters;
  }

  /** The JPEG decoder only warns where it fills the missing part with grey. */
  private static boolean isTruncated(List<String> warnings) {
    return warnings.stream().anyMatch(warning -> warning.contains("Missing EOI"))
        && warnings.stream().anyMatch(warning -> warning.contains("premature end"));
  }

  private static Tensor pixels(Path file, BufferedImage image) throws Failure {
    ColorModel model = image.getColorModel();
    Raster raster = image.getRaster();
    int width = raster.getWidth();
    int height = raster.getHeight();
    int bands = raster.getNumBands();
    int colours = model.getNumColorComponents();
    int space = model.getColorSpace().getType();
    if (space != ColorSpace.TYPE_RGB && space != ColorSpace.TYPE_GRAY) {
      throw new Failure(
          file + ": " + colours + " colour channels (CMYK?) are not read, expected RGB or grey");
    }
    int[][] levels = levels(model);
    float[] pixels = new float[3 * width * height];
    int[] row = new int[bands * width];
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          // A palette and grey have one band, which feeds all three channels.
          int sample = row[x * bands + (bands < 3 ? 0 : c)];
          pixels[(c * height + y) * width + x] = levels[c][sample];
        }
      }
    }
    return Tensor.of(Shape.of(3, height, width), pixels);
  }

  /** For each of red, green and blue, the level 0..255 of each stored sample. */
  private static int[][] levels(ColorModel model) {
    if (model instanceof IndexColorModel palette) {
      // A damaged file may have indices beyond its palette.
      int[][] levels = new int[3][1 << palette.getPixelSize()];
      for (int i = 0; i < palette.getMapSize(); i++) {
        levels[0][i] = palette.getRed(i);
        levels[1][i] = palette.getGreen(i);
        levels[2][i] = palette.getBlue(i);
      }
      return levels;
    }
    int[][] levels = new int[3][];
    for (int c = 0; c < 3; c++) {
      int bits = model.getComponentSize(model.getNumColorComponents() < 3 ? 0 : c);
      levels[c] = new int[1 << bits];
      for (int i = 0; i < levels[c].length; i++) {
        levels[c][i] = bits >= 8 ? i >> (bits - 8) : i * 255 / (levels[c].length - 1);
      }
    }
    return levels;
  }
}
