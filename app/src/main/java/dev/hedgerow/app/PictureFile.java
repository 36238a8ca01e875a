package dev.hedgerow.app;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Element;

/**
 * Reads jpg, png, bmp, gif and webp files into the numbers that Pillow's {@code
 * open(file).convert("RGB")} gives, which are the ones networks are trained on: stored samples as
 * they are, without a colour profile or gamma applied; grey replicated; alpha dropped, not
 * composed; CMYK by Pillow's plain formula; of 16 bits the upper 8 (where Pillow instead turns
 * 16-bit grey white); of an animation the first frame, placed on its screen. The orientation that
 * EXIF states is honoured if asked for, as {@code ImageOps.exif_transpose} does.
 */
final class PictureFile {
  /** The most pixels that are decoded: 100 megapixels. */
  static final long LARGEST = 100_000_000;

  /** The longest side; each row and each column is resized as a whole. */
  static final int LONGEST = 200_000;

  private PictureFile() {}

  /**
   * Reads a picture.
   *
   * @param exif whether to honour the orientation that EXIF states
   * @throws Failure if it is missing, no picture, too large, damaged or of a kind that is not read
   */
  static Picture read(Path file, boolean exif) throws Failure {
    UserFiles.check(file, "a picture");
    try (var stream = new FileImageInputStream(file.toFile())) {
      if (stream.length() == 0) {
        throw new Failure(file + ": the file is empty, " + PictureFormat.EXPECTED);
      }
      PictureFormat format = PictureFormat.of(stream);
      if (format == null) {
        throw new Failure(file + ": not a picture that is read here, " + PictureFormat.EXPECTED);
      }
      if (format == PictureFormat.BMP) refuseWrappedBmp(file, stream);
      Orientation orientation = exif ? Exif.orientation(format, stream) : Orientation.UPRIGHT;
      boolean ycck = format == PictureFormat.JPEG && Jpeg.isYcck(stream);
      ImageReader reader = format.reader();
      try {
        reader.setInput(
            format == PictureFormat.WEBP ? new BytesStream(Files.readAllBytes(file)) : stream,
            true,
            format != PictureFormat.GIF);
        return read(file, format, reader, orientation, ycck);
      } finally {
        reader.dispose();
      }
    } catch (EOFException truncated) {
      throw new Failure(file + ": truncated picture", truncated);
    } catch (IOException | RuntimeException damaged) {
      // Decoders answer damaged files with any unchecked exception too.
      throw new Failure(file + ": damaged picture: " + UserFiles.reason(damaged), damaged);
    }
  }

  private static Picture read(
      Path file, PictureFormat format, ImageReader reader, Orientation orientation, boolean ycck)
      throws IOException, Failure {
    checkSize(file, reader.getWidth(0), reader.getHeight(0));
    var warnings = new ArrayList<String>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    Rows rows =
        switch (format) {
          case JPEG -> jpeg(reader, ycck);
          case GIF -> gif(file, reader);
          case PNG, BMP, WEBP -> rows(reader.read(0));
        };
    if (isTruncated(warnings)) throw new Failure(file + ": truncated picture");
    return picture(rows, orientation, warnings);
  }

  private static void checkSize(Path file, long width, long height) throws Failure {
    if (width * height <= LARGEST && Math.max(width, height) <= LONGEST) return;
    throw new Failure(
        "%s: a picture of %dx%d pixels, expected at most %d megapixels and %d pixels a side"
            .formatted(file, width, height, LARGEST / 1_000_000, LONGEST));
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
      throw new Failure(
          file + ": a JPEG or PNG inside a BMP is not read, " + PictureFormat.EXPECTED);
    }
  }

  /** The JPEG decoder only warns where it fills the missing part with grey. */
  private static boolean isTruncated(List<String> warnings) {
    return warnings.stream().anyMatch(warning -> warning.contains("Missing EOI"))
        && warnings.stream().anyMatch(warning -> warning.contains("premature end"));
  }

  /** A decoded picture as it is stored. */
  private record Rows(Raster raster, Conversion conversion) {
    int width() {
      return raster.getWidth();
    }

    int height() {
      return raster.getHeight();
    }
  }

  /** Turns a row of samples, some a pixel, into red, green and blue. */
  private interface Conversion {
    void toRgb(int[] samples, byte[] rgb);
  }

  private static Picture picture(Rows rows, Orientation orientation, List<String> warnings) {
    int width = rows.width();
    int height = rows.height();
    byte[] rgb = new byte[3 * width * height];
    int[] samples = new int[rows.raster().getNumBands() * width];
    byte[] row = new byte[3 * width];
    for (int y = 0; y < height; y++) {
      rows.raster().getPixels(0, y, width, 1, samples);
      rows.conversion().toRgb(samples, row);
      for (int x = 0; x < width; x++) {
        System.arraycopy(row, 3 * x, rgb, 3 * orientation.index(x, y, width, height), 3);
      }
    }
    return orientation.isSwapped()
        ? new Picture(width, height, rgb, warnings)
        : new Picture(height, width, rgb, warnings);
  }

  private static Rows rows(BufferedImage image) throws IOException {
    ColorModel model = image.getColorModel();
    int space = model.getColorSpace().getType();
    if (space != ColorSpace.TYPE_RGB && space != ColorSpace.TYPE_GRAY) {
      throw new IOException(model.getNumColorComponents() + " colours, expected RGB or grey");
    }
    int[][] levels = levels(model);
    int bands = image.getRaster().getNumBands();
    // A palette and grey have one band of colour, which feeds all three.
    int step = bands < 3 ? 0 : 1;
    return new Rows(
        image.getRaster(),
        (samples, rgb) -> {
          for (int from = 0, to = 0; to < rgb.length; from += bands, to += 3) {
            for (int c = 0; c < 3; c++) rgb[to + c] = (byte) levels[c][samples[from + c * step]];
          }
        });
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

  /**
   * Decodes a JPEG. The decoder does not convert four colours, so we do; of three it leaves out a
   * colour profile when bands are selected.
   */
  private static Rows jpeg(ImageReader reader, boolean ycck) throws IOException {
    ImageReadParam parameters = reader.getDefaultReadParam();
    Iterator<ImageTypeSpecifier> types = reader.getImageTypes(0);
    int bands = types.hasNext() ? types.next().getNumBands() : 4;
    if (bands == 4) {
      Raster raster = reader.readRaster(0, parameters);
      return new Rows(raster, (samples, rgb) -> Jpeg.toRgb(samples, ycck, rgb));
    }
    if (bands == 3) parameters.setSourceBands(new int[] {0, 1, 2});
    return rows(reader.read(0, parameters));
  }

  /**
   * Decodes a GIF's first frame and places it on its screen, as Pillow does: around it is the
   * transparent colour, or colour 0; a frame that reaches beyond its screen enlarges it.
   */
  private static Rows gif(Path file, ImageReader reader) throws IOException, Failure {
    Element screen = descriptor(reader.getStreamMetadata(), "LogicalScreenDescriptor");
    Element frame = descriptor(reader.getImageMetadata(0), "ImageDescriptor");
    int left = number(frame, "imageLeftPosition");
    int top = number(frame, "imageTopPosition");
    int width = Math.max(number(screen, "logicalScreenWidth"), left + reader.getWidth(0));
    int height = Math.max(number(screen, "logicalScreenHeight"), top + reader.getHeight(0));
    checkSize(file, width, height);
    BufferedImage image = reader.read(0);
    if (image.getWidth() == width && image.getHeight() == height) return rows(image);
    WritableRaster canvas = image.getRaster().createCompatibleWritableRaster(width, height);
    int transparent = ((IndexColorModel) image.getColorModel()).getTransparentPixel();
    int[] background = new int[width];
    Arrays.fill(background, Math.max(0, transparent));
    for (int y = 0; y < height; y++) canvas.setPixels(0, y, width, 1, background);
    canvas.setRect(left, top, image.getRaster());
    return rows(new BufferedImage(image.getColorModel(), canvas, false, null));
  }

  private static Element descriptor(IIOMetadata metadata, String name) throws IOException {
    var root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    if (root.getElementsByTagName(name).item(0) instanceof Element found) return found;
    throw new IOException("no " + name);
  }

  private static int number(Element element, String attribute) {
    return Integer.parseInt(element.getAttribute(attribute));
  }
}
