import java.io.File;
import java.io.IOException;
import java.util.Objects;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Writes a picture as a JPEG for the documents: {@code java build/Jpeg.java FROM TO QUALITY}. */
public final class Jpeg {
  private Jpeg() {}

  public static void main(String[] arguments) throws IOException {
    var picture = Objects.requireNonNull(ImageIO.read(new File(arguments[0])), "no picture");
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam quality = writer.getDefaultWriteParam();
    quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    quality.setCompressionQuality(Float.parseFloat(arguments[2]));
    File to = new File(arguments[1]);
    to.delete();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(to)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), quality);
    }
    writer.dispose();
  }
}
