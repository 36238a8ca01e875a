import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RadialGradientPaint;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Point2D;
import java.awt.geom.QuadCurve2D;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.FileImageOutputStream;

/**
 * Draws the example pictures: {@code java build/DrawPictures.java docs/images}. Networks trained on
 * ImageNet take them for photographs: of a daisy, and of a daisy and a ladybird.
 */
final class DrawPictures {
  private static final int WIDTH = 480;
  private static final int HEIGHT = 360;

  private final Random random = new Random(9);
  private final BufferedImage image = blank();
  private final Graphics2D graphics = graphics(image);

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    write(new DrawPictures().daisy(), folder.resolve("daisy.jpg"));
    write(new DrawPictures().meadow(), folder.resolve("meadow.jpg"));
  }

  private BufferedImage daisy() {
    grass(0x86a85a, 0x2f5a22);
    blades(40, 60, 80, 90);
    stem(215, 370, 245, 280, 220, 170);
    flower(220, 150);
    return photograph();
  }

  private BufferedImage meadow() {
    grass(0x8fb062, 0x2f5a22);
    blades(26, 40, 60, 70);
    stem(130, 370, 150, 280, 128, 150);
    flower(128, 118);
    graphics.translate(370, 245);
    graphics.scale(0.45, 0.45);
    graphics.translate(-245, -205);
    leaf();
    graphics.translate(245, 200);
    graphics.rotate(-0.22);
    ladybird();
    return photograph();
  }

  /** Paints a meadow out of focus. */
  private void grass(int top, int bottom) {
    graphics.setPaint(new GradientPaint(0, 0, new Color(top), 0, HEIGHT, new Color(bottom)));
    graphics.fillRect(0, 0, WIDTH, HEIGHT);
    for (int i = 0; i < 420; i++) {
      double x = random.nextInt(WIDTH);
      double y = random.nextInt(HEIGHT + 80);
      double length = 40 + random.nextInt(90);
      float hue = 0.24f + 0.06f * random.nextFloat();
      graphics.setColor(
          Color.getHSBColor(
              hue, 0.5f + 0.4f * random.nextFloat(), 0.25f + 0.5f * random.nextFloat()));
      double bend = random.nextInt(30) - 15;
      double lean = random.nextInt(60) - 30;
      line(1.5 + 3 * random.nextFloat(), x, y, x + bend, y - length * 0.6, x + lean, y - length);
    }
    BufferedImage blurred = blurred(image, 9);
    graphics.drawImage(blurred, 0, 0, null);
  }

  /** Draws blades of grass in focus, from the lower edge up. */
  private void blades(int count, int middle, int low, int spread) {
    for (int i = 0; i < count; i++) {
      double x = random.nextInt(WIDTH);
      graphics.setColor(Color.getHSBColor(0.26f, 0.7f, 0.3f + 0.3f * random.nextFloat()));
      double bend = random.nextInt(40) - 20;
      double lean = random.nextInt(80) - 40;
      double top = HEIGHT - low - random.nextInt(spread);
      line(2 + 2 * random.nextFloat(), x, HEIGHT + 10, x + bend, HEIGHT - middle, x + lean, top);
    }
  }

  private void stem(double x0, double y0, double x1, double y1, double x2, double y2) {
    graphics.setColor(new Color(0x5d8a35));
    line(7, x0, y0, x1, y1, x2, y2);
  }

  /** Draws a daisy around a point. */
  private void flower(double x, double y) {
    int petals = 24;
    for (int ring = 0; ring < 2; ring++) {
      for (int i = 0; i < petals; i++) {
        double turn = 2 * Math.PI * (i + 0.5 * ring) / petals + 0.05 * random.nextGaussian();
        double length = 104 - ring * 8 + 6 * random.nextGaussian();
        AffineTransform before = graphics.getTransform();
        graphics.translate(x, y);
        graphics.scale(1, 0.9);
        graphics.rotate(turn);
        petal(length, ring == 0);
        graphics.setTransform(before);
      }
    }
    graphics.setPaint(
        glow(x - 8, y - 10, 40, new float[] {0, 0.6f, 1}, 0xffffe14a, 0xfff2b313, 0xffa86a08));
    graphics.fill(new Ellipse2D.Double(x - 35, y - 31, 70, 62));
    int florets = 700;
    for (int i = 0; i < florets; i++) {
      double turn = i * 2.39996; // the golden angle
      double distance = 33 * Math.sqrt((double) i / florets);
      double at = x + distance * Math.cos(turn);
      graphics.setColor(
          random.nextBoolean() ? new Color(255, 226, 90, 200) : new Color(180, 110, 5, 150));
      dot(at, y + 0.88 * distance * Math.sin(turn), 2.4, 2.4);
    }
  }

  private void petal(double length, boolean below) {
    var petal = new Path2D.Double();
    petal.moveTo(18, -3);
    petal.curveTo(50, -15, length - 12, -15, length, -2);
    petal.curveTo(length - 6, 13, 50, 13, 18, 4);
    petal.closePath();
    graphics.setPaint(
        new GradientPaint(
            20,
            0,
            new Color(below ? 0xc9cdd6 : 0xdfe2e6),
            (float) length,
            0,
            new Color(below ? 0xeceef2 : 0xffffff)));
    graphics.fill(petal);
    graphics.setColor(new Color(120, 125, 140, 120));
    graphics.setStroke(new BasicStroke(0.8f));
    graphics.draw(petal);
    graphics.draw(new QuadCurve2D.Double(26, -1, 60, -5, length - 10, -3));
    graphics.draw(new QuadCurve2D.Double(26, 2, 60, 4, length - 12, 4));
  }

  private void leaf() {
    var leaf = new Path2D.Double();
    leaf.moveTo(-40, 300);
    leaf.curveTo(120, 120, 330, 110, 520, 170);
    leaf.curveTo(420, 290, 200, 380, -40, 300);
    leaf.closePath();
    graphics.setPaint(
        new GradientPaint(100, 130, new Color(0x8fc04a), 300, 340, new Color(0x3c7a22)));
    graphics.fill(leaf);
    Shape clip = graphics.getClip();
    graphics.clip(leaf);
    graphics.setColor(new Color(210, 235, 150, 150));
    line(4, -40, 300, 230, 250, 520, 170);
    graphics.setColor(new Color(200, 230, 140, 110));
    for (int i = 0; i < 14; i++) {
      double t = i / 14.0;
      double x = -40 * (1 - t) * (1 - t) + 2 * 230 * t * (1 - t) + 520 * t * t;
      double y = 300 * (1 - t) * (1 - t) + 2 * 250 * t * (1 - t) + 170 * t * t;
      line(1.6, x, y, x + 40, y - 40, x + 90, y - 70);
      line(1.6, x, y, x + 50, y + 25, x + 100, y + 70);
    }
    for (int i = 0; i < 2500; i++) {
      graphics.setColor(new Color(30, 70, 10, 18 + random.nextInt(25)));
      double x = random.nextInt(WIDTH);
      double y = random.nextInt(HEIGHT);
      dot(x, y, 2 + random.nextInt(3), 2 + random.nextInt(3));
    }
    graphics.setClip(clip);
  }

  /** Draws a ladybird about the origin, its head to the right. */
  private void ladybird() {
    for (int i = 12; i > 0; i--) { // its shadow
      graphics.setColor(new Color(10, 30, 0, 12));
      dot(7, 24, 170 + 2 * i, 92 + 1.2 * i);
    }
    Color black = new Color(0x14100e);
    graphics.setColor(black);
    for (int side = -1; side <= 1; side++) {
      line(4.5, side * 34 + 10, 38, side * 42 + 16, 58, side * 46 + 26, 66);
    }
    graphics.setPaint(glow(72, -18, 34, new float[] {0, 1}, 0xff4a4644, 0xff0c0a0a));
    dot(79, 1, 42, 46);
    graphics.setColor(black);
    line(2.6, 92, -12, 108, -22, 114, -14);
    line(2.6, 97, 4, 114, 2, 118, 12);
    graphics.setPaint(glow(58, -24, 46, new float[] {0, 1}, 0xff5a5552, 0xff0a0808));
    dot(60, 0, 52, 80);
    graphics.setColor(new Color(0xf4efe2));
    dot(74.5, -23.5, 13, 17);
    dot(78, 21.5, 12, 15);
    wings();
  }

  private void wings() {
    var wings = new Ellipse2D.Double(-82, -62, 150, 112);
    graphics.setPaint(
        glow(
            -15,
            -30,
            115,
            new float[] {0, 0.35f, 0.8f, 1},
            0xffff6a3c,
            0xffe32a12,
            0xffa81208,
            0xff5e0804));
    graphics.fill(wings);
    Shape clip = graphics.getClip();
    graphics.clip(wings);
    graphics.setColor(new Color(0x1a0603));
    line(2.2, -84, -4, -10, -16, 70, -10);
    graphics.setColor(new Color(0x0d0908));
    double[][] spots = {
      {-42, -38, 24, 20},
      {0, -50, 22, 16},
      {30, -32, 20, 18},
      {-52, 6, 26, 22},
      {-6, 4, 28, 24},
      {34, 10, 20, 20},
      {-20, 32, 24, 16},
      {58, -14, 20, 22}
    };
    for (double[] spot : spots) dot(spot[0], spot[1], spot[2], spot[3]);
    graphics.setClip(clip);
    graphics.setPaint(glow(-24, -44, 34, new float[] {0, 1}, 0xd2ffffff, 0x00ffffff));
    dot(-25, -52, 62, 24);
  }

  private void dot(double x, double y, double width, double height) {
    graphics.fill(new Ellipse2D.Double(x - width / 2, y - height / 2, width, height));
  }

  private void line(
      double thickness, double x0, double y0, double x1, double y1, double x2, double y2) {
    graphics.setStroke(
        new BasicStroke((float) thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(new QuadCurve2D.Double(x0, y0, x1, y1, x2, y2));
  }

  private static RadialGradientPaint glow(
      double x, double y, double radius, float[] stops, int... colours) {
    var all = new Color[colours.length];
    for (int i = 0; i < all.length; i++) all[i] = new Color(colours[i], true);
    return new RadialGradientPaint(new Point2D.Double(x, y), (float) radius, stops, all);
  }

  /** Returns the picture with a camera's softness and noise. */
  private BufferedImage photograph() {
    graphics.dispose();
    BufferedImage photograph = blurred(image, 1);
    var noise = new Random(4);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        int rgb = photograph.getRGB(x, y);
        double grey = 5 * noise.nextGaussian();
        int noisy = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
          double level = (rgb >> shift & 255) + grey + 2 * noise.nextGaussian();
          noisy |= Math.clamp(Math.round(level), 0, 255) << shift;
        }
        photograph.setRGB(x, y, noisy);
      }
    }
    return photograph;
  }

  private static BufferedImage blank() {
    return new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    return graphics;
  }

  /** Returns a picture blurred by a Gaussian that ends at {@code radius}, twice its deviation. */
  private static BufferedImage blurred(BufferedImage image, int radius) {
    int size = 2 * radius + 1;
    float[] weights = new float[size];
    float sum = 0;
    for (int i = 0; i < size; i++) {
      double distance = i - radius;
      weights[i] = (float) Math.exp(-2 * distance * distance / (radius * radius));
      sum += weights[i];
    }
    for (int i = 0; i < size; i++) weights[i] /= sum;
    var wide = new BufferedImage(WIDTH + 2 * size, HEIGHT + 2 * size, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = wide.createGraphics();
    graphics.drawImage(image, 0, 0, wide.getWidth(), wide.getHeight(), null);
    graphics.drawImage(image, size, size, null);
    var along = new ConvolveOp(new Kernel(size, 1, weights), ConvolveOp.EDGE_NO_OP, null);
    var across = new ConvolveOp(new Kernel(1, size, weights), ConvolveOp.EDGE_NO_OP, null);
    BufferedImage blurred = blank();
    blurred
        .createGraphics()
        .drawImage(across.filter(along.filter(wide, null), null), -size, -size, null);
    return blurred;
  }

  private static void write(BufferedImage image, Path file) throws IOException {
    Files.deleteIfExists(file);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setCompressionQuality(0.9f);
    try (var stream = new FileImageOutputStream(file.toFile())) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } finally {
      writer.dispose();
    }
  }
}
