package dev.hedgerow.app.download;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * A file of weights that torchvision publishes.
 *
 * @param model the family, as {@code --model} names it
 * @param version {@code v1}, the weights of {@code IMAGENET1K_V1}, or {@code v2}
 * @param name the file's, which ends in the first eight digits of its SHA-256: {@code
 *     vgg16-397923af.pth}
 * @param mebibytes its size, rounded to thousandths
 */
public record PublishedFile(String model, String version, String name, double mebibytes) {
  private static final String LIST = "torchvision.txt";
  private static final int DIGITS = 8;

  /** Returns all of them, from the list that is part of the program. */
  public static List<PublishedFile> all() {
    try (InputStream list = PublishedFile.class.getResourceAsStream(LIST)) {
      byte[] bytes = Objects.requireNonNull(list, LIST).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" ", -1))
          .map(
              fields ->
                  new PublishedFile(fields[0], fields[1], fields[2], Double.parseDouble(fields[3])))
          .toList();
    } catch (IOException wrong) {
      throw new UncheckedIOException(LIST, wrong);
    }
  }

  /** Returns the files of a model, the first version first; none if it has none. */
  public static List<PublishedFile> of(String model) {
    return all().stream().filter(file -> file.model.equals(model)).toList();
  }

  /** Returns the first digits of the file's SHA-256. */
  public String checksum() {
    int end = name.lastIndexOf('.');
    return name.substring(end - DIGITS, end);
  }

  /** Returns the first digits of what the SHA-256 of a file on the disk is. */
  public static String checksum(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    byte[] buffer = new byte[1 << 16];
    try (InputStream bytes = Files.newInputStream(file)) {
      for (int count; (count = bytes.read(buffer)) >= 0; ) digest.update(buffer, 0, count);
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }
}
