package dev.hedgerow.app.voc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.weights.FormatException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VocFolderTest {
  /** As VOC2012 writes a person: in another order than 2007, with parts, and a box in fractions. */
  private static final String PERSON =
      """
      <annotation>
        <filename>a.jpg</filename>
        <size><width>50</width><height>40</height><depth>3</depth></size>
        <object>
          <name>person</name>
          <bndbox><xmax>50</xmax><xmin>3</xmin><ymax>40</ymax><ymin>10.6</ymin></bndbox>
          <difficult>1</difficult>
          <part><name>head</name>
            <bndbox><xmin>4</xmin><ymin>12</ymin><xmax>9</xmax><ymax>19</ymax></bndbox>
          </part>
        </object>
        <object>
          <name> dog </name>
          <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>1</xmax><ymax>2</ymax></bndbox>
        </object>
      </annotation>
      """;

  @TempDir private Path folder;

  private VocFolder data() {
    return new VocFolder(folder);
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private VocPicture read(String xml) throws IOException {
    write("Annotations/a.xml", xml);
    return data().picture("a");
  }

  @Test
  void readsObjectsButNotTheirParts() throws IOException {
    VocPicture picture = read(PERSON);
    assertEquals(folder.resolve("JPEGImages/a.jpg"), picture.file());
    assertEquals(40, picture.height());
    assertEquals(50, picture.width());
    assertEquals(
        List.of(
            new VocObject("person", new Box(2, 10, 49, 39), true),
            new VocObject("dog", new Box(0, 0, 0, 1), false)),
        picture.objects());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "</annotation>| |(at line 17, column 1)",
        "<annotation>|<image>|must be terminated by the matching end-tag",
        "<width>50</width>| |0 <width> (at size), expected one",
        "<width>50</width>|<width>0</width>|40 x 0 (at size), expected a picture's size",
        "<height>40</height>|<height>tall</height>|<height> is \"tall\" (at size), expected a number",
        "<height>40</height>|<height>1e99</height>|expected a number",
        "<ymax>2</ymax>|<ymax>41</ymax>|box of columns 1 to 1 and rows 1 to 41 (at object 2), expected"
            + " columns from 1 to 50 and rows from 1 to 40",
        "<xmin>1</xmin>|<xmin>2</xmin>|box of columns 2 to 1",
        "<ymin>1</ymin>|<ymin>0</ymin>|box of columns 1 to 1 and rows 0 to 2",
        "<name> dog </name>|<name> </name>|empty <name> (at object 2)",
        "<name> dog </name>|<name>a</name><name>b</name>|2 <name> (at object 2), expected one",
        "<difficult>1</difficult>|<difficult>yes</difficult>|<difficult> is \"yes\" (at object 1)"
      })
  void sayInOneLineWhatIsWrong(String part, @Nullable String instead, String message)
      throws IOException {
    String xml = PERSON.replace(part, instead == null ? "" : instead);
    assertFalse(xml.equals(PERSON), part);
    var wrong = assertThrows(FormatException.class, () -> read(xml));
    String line = String.valueOf(wrong.getMessage());
    assertTrue(line.startsWith(folder.resolve("Annotations/a.xml") + ": "), line);
    assertTrue(line.contains(message), line);
    assertEquals(1, line.lines().count(), line);
  }

  /** A document type could read any file, or grow without end; nothing is printed about it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "<!DOCTYPE annotation [<!ENTITY e SYSTEM \"FILE\">]>",
        "<!DOCTYPE annotation [<!ENTITY e \"dog\">]>",
        "<!DOCTYPE annotation SYSTEM \"FILE\">"
      })
  void documentTypesAreRefused(String type) throws IOException {
    Path secret = write("secret.txt", "dog");
    String xml = type.replace("FILE", secret.toUri().toString()) + PERSON.replace(" dog ", "&e;");
    PrintStream before = System.err;
    var printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      var wrong = assertThrows(FormatException.class, () -> read(xml));
      assertTrue(
          String.valueOf(wrong.getMessage()).contains("a DOCTYPE (at line 1, "),
          wrong.getMessage());
    } finally {
      System.setErr(before);
    }
    assertEquals("", printed.toString(StandardCharsets.UTF_8));
  }

  @Test
  void otherXmlAndNoXmlAreRefused() {
    var other = assertThrows(FormatException.class, () -> read("<svg/>"));
    assertTrue(String.valueOf(other.getMessage()).endsWith("a.xml: <svg>, expected <annotation>"));
    assertThrows(FormatException.class, () -> read(""));
    assertThrows(FormatException.class, () -> read("\0\1\2"));
    assertThrows(NoSuchFileException.class, () -> data().picture("b"));
  }

  @Test
  void setsNamePictures() throws IOException {
    write("ImageSets/Main/test.txt", "000001\n\n 2008_000002 \n");
    assertEquals(List.of("000001", "2008_000002"), data().names("test"));
    write("ImageSets/Main/test.txt", "a\n../../secret\n");
    var outside = assertThrows(FormatException.class, () -> data().names("test"));
    assertTrue(
        String.valueOf(outside.getMessage())
            .endsWith("\"../../secret\" (at line 2), expected a picture's name"),
        outside.getMessage());
    write("ImageSets/Main/test.txt", "\n");
    assertThrows(FormatException.class, () -> data().names("test"));
    Files.write(folder.resolve("ImageSets/Main/test.txt"), new byte[] {(byte) 0xff, 10});
    assertThrows(FormatException.class, () -> data().names("test"));
    assertThrows(NoSuchFileException.class, () -> data().names("train"));
  }

  @Test
  void segmentationsAreNumbers() throws IOException {
    VocPicture picture = read(PERSON);
    var image = new BufferedImage(50, 40, BufferedImage.TYPE_BYTE_INDEXED);
    image.getRaster().setSample(7, 3, 0, 2);
    image.getRaster().setSample(8, 3, 0, 255);
    writePng(image);
    List<Region> regions = data().segmentation(picture, 2);
    assertEquals(0, regions.get(0).area());
    assertEquals(1, regions.get(1).area());
    assertTrue(regions.get(1).contains(3, 7));
  }

  @Test
  void otherSegmentationsAreRefused() throws IOException {
    VocPicture picture = read(PERSON);
    assertThrows(NoSuchFileException.class, () -> data().segmentation(picture, 2));
    writePng(new BufferedImage(40, 50, BufferedImage.TYPE_BYTE_INDEXED));
    var size = assertThrows(FormatException.class, () -> data().segmentation(picture, 2));
    assertTrue(
        String.valueOf(size.getMessage())
            .endsWith("a.png: 50 x 40, expected a PNG of 40 x 50 numbered colours"),
        size.getMessage());
    writePng(new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB));
    var colour = assertThrows(FormatException.class, () -> data().segmentation(picture, 2));
    assertTrue(String.valueOf(colour.getMessage()).contains("40 x 50 of true colour"));
    byte[] png = Files.readAllBytes(folder.resolve("SegmentationClass/a.png"));
    for (int length : new int[] {0, 8, 20, png.length / 2}) {
      Files.write(folder.resolve("SegmentationClass/a.png"), Arrays.copyOf(png, length));
      assertThrows(FormatException.class, () -> data().segmentation(picture, 2), length + " bytes");
    }
  }

  private void writePng(BufferedImage image) throws IOException {
    Path file = folder.resolve("SegmentationClass/a.png");
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }
}
