package dev.hedgerow.app.voc;

import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.weights.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * An annotation's XML. Document types are refused, and with them entities: an annotation has
 * neither, and they could read other files or grow without end.
 */
final class VocXml {
  private static final String NO_DOCUMENT_TYPE =
      "http://apache.org/xml/features/disallow-doctype-decl";

  private final Path file;

  private VocXml(Path file) {
    this.file = file;
  }

  static VocPicture read(Path file, String name, Path picture) throws IOException {
    Element root;
    try (InputStream stream = Files.newInputStream(file)) {
      root = builder().parse(stream).getDocumentElement();
    } catch (SAXParseException wrong) {
      String where = "line " + wrong.getLineNumber() + ", column " + wrong.getColumnNumber();
      String message = String.valueOf(wrong.getMessage());
      if (!message.contains("DOCTYPE")) throw new FormatException(file, message, where, "");
      throw new FormatException(file, "a DOCTYPE", where, "an annotation without one");
    } catch (SAXException wrong) {
      throw new FormatException(file, String.valueOf(wrong.getMessage()), "", "XML");
    }
    if (!root.getTagName().equals("annotation")) {
      throw new FormatException(file, "<" + root.getTagName() + ">", "", "<annotation>");
    }
    return new VocXml(file).annotation(root, name, picture);
  }

  private static DocumentBuilder builder() {
    try {
      var factory = DocumentBuilderFactory.newDefaultInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature(NO_DOCUMENT_TYPE, true);
      factory.setExpandEntityReferences(false);
      factory.setXIncludeAware(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      builder.setErrorHandler(new DefaultHandler()); // Throws; the default one prints, too.
      return builder;
    } catch (ParserConfigurationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private VocPicture annotation(Element root, String name, Path picture) throws IOException {
    Element size = child(root, "size", "annotation");
    int height = number(size, "height", "size");
    int width = number(size, "width", "size");
    if (height < 1 || width < 1) {
      throw new FormatException(file, height + " x " + width, "size", "a picture's size");
    }
    List<VocObject> objects = new ArrayList<>();
    for (Element object : children(root, "object")) {
      objects.add(object(object, "object " + (objects.size() + 1), height, width));
    }
    return new VocPicture(name, picture, height, width, objects);
  }

  private VocObject object(Element object, String where, int height, int width) throws IOException {
    Element box = child(object, "bndbox", where);
    int left = number(box, "xmin", where);
    int top = number(box, "ymin", where);
    int right = number(box, "xmax", where);
    int bottom = number(box, "ymax", where);
    if (left < 1 || top < 1 || right < left || bottom < top || right > width || bottom > height) {
      throw new FormatException(
          file,
          "box of columns %d to %d and rows %d to %d".formatted(left, right, top, bottom),
          where,
          "columns from 1 to %d and rows from 1 to %d".formatted(width, height));
    }
    // An annotation that says nothing of it is of a data set without difficult objects.
    boolean difficult =
        !children(object, "difficult").isEmpty() && number(object, "difficult", where) != 0;
    return new VocObject(
        text(object, "name", where), new Box(left - 1, top - 1, right - 1, bottom - 1), difficult);
  }

  /** Returns the elements of that name right below another; parts of objects have boxes, too. */
  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = parent.getChildNodes();
    for (int i = 0; i < nodes.getLength(); i++) {
      if (nodes.item(i) instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private Element child(Element parent, String name, String where) throws IOException {
    List<Element> found = children(parent, name);
    if (found.size() == 1) return found.getFirst();
    throw new FormatException(file, found.size() + " <" + name + ">", where, "one");
  }

  private String text(Element parent, String name, String where) throws IOException {
    String text = child(parent, name, where).getTextContent().strip();
    if (text.isEmpty()) throw new FormatException(file, "empty <" + name + ">", where, "");
    return text;
  }

  /** Returns a whole number; annotations of 2011 and later have some with a fraction. */
  private int number(Element parent, String name, String where) throws IOException {
    String text = text(parent, name, where);
    try {
      double number = Double.parseDouble(text);
      if (Math.abs(number) <= Integer.MAX_VALUE) return (int) Math.rint(number);
    } catch (NumberFormatException noNumber) {
      // Said below.
    }
    throw new FormatException(file, "<" + name + "> is \"" + text + "\"", where, "a number");
  }
}
