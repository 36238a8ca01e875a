package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.ascii;
import static dev.hedgerow.weights.Samples.assertRefused;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.zip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WeightFileTest {
  private static void assertUnreadable(String message, Path file) {
    var error = assertThrows(FormatException.class, () -> WeightFile.open(file));
    assertEquals(file + ": " + message, error.getMessage());
    assertEquals(file.toString(), error.file());
  }

  @Test
  void refusesWhatIsNoReadableFile(@TempDir Path folder) throws IOException {
    assertUnreadable("no such file", folder.resolve("missing.pth"));
    assertUnreadable("is a directory, expected a file", folder);
    assertUnreadable("is empty", Files.createFile(folder.resolve("empty.pth")));
  }

  @Test
  void refusesFilesThatMayNotBeRead(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("secret.pth"), new byte[9]);
    Assumptions.assumeTrue(
        Files.getFileStore(file).supportsFileAttributeView("posix"), "POSIX permissions");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    Assumptions.assumeFalse(Files.isReadable(file), "the user may read everything");
    assertUnreadable("cannot be read: permission denied", file);
  }

  @Test
  void saysWhatAFileOfAnotherFormatLooksLike() {
    assertRefused("looks like text", ascii("conv1.weight 0.25\r\nconv1.bias\t1"));
    assertRefused("looks like text", "Gewichte für München".getBytes(StandardCharsets.UTF_8));
    assertRefused("looks like text", ascii("{\"a\": 1}"));
    assertRefused("looks like an HTML page", ascii("\n<!DOCTYPE html><title>404</title>"));
    assertRefused(
        "looks like a Git LFS pointer, not the file itself",
        ascii("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"));
    assertRefused("an ONNX model", ascii("\u0008\u0006\u0012\u0007pytorch\u001a\u0003"));
    assertRefused(
        "truncated: 10 bytes, expected HDF5 with a superblock of 48 bytes or more",
        ascii("\u0089HDF\r\n\u001a\n\0\0"));
    assertRefused("looks like a gzip archive", ascii("\u001f\u008b\u0008\0"));
    assertRefused(
        "looks like a tar archive", concat(Arrays.copyOf(ascii("x"), 257), ascii("ustar\0")));
    assertRefused("looks like a picture", ascii("\u0089PNG\r\n\u001a\n"));
    assertRefused("looks like a picture", ascii("\u00ff\u00d8\u00ff\u00e0"));
    assertRefused("looks like a PDF document", ascii("%PDF-1.7"));
    assertRefused("no format that is read here", new byte[9]);
    assertRefused(
        "neither data.pkl nor model.weights.h5 nor .npy", zip(false, Map.of("a.txt", new byte[1])));
    assertRefused("expected weights: safetensors, PyTorch .pth, Keras .h5", new byte[1]);
  }

  /** Random bytes, say, of which all but the first ones of a few are no ONNX model either. */
  @Test
  void whatIsNoFormatIsNoBrokenModel(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("r.pth"), new byte[] {(byte) 0xe7, 1, 2, 3});
    assertTrue(WeightFile.recognises(file), "open says what is wrong with it");
    assertUnreadable(
        "no format that is read here, expected weights: safetensors, PyTorch .pth, Keras .h5 or"
            + " .keras, .npz or .npy",
        file);
    assertEquals(
        file + ": no format that is read here, expected an ONNX model",
        assertThrows(FormatException.class, () -> OnnxModel.read(file)).getMessage());
  }

  @Test
  void theNameChoosesTheReaderOfWhatNothingElseIsKnownOf(@TempDir Path folder) throws IOException {
    byte[] bytes = concat(i64(8L + (9L << 32)), ascii("{\"a\":{}}"));
    Path file = Files.write(folder.resolve("r.safetensors"), bytes);
    assertTrue(WeightFile.recognises(file), "open says what is wrong with it");
    assertUnreadable(
        "safetensors header of 38654705672 bytes (at offset 0), expected 2 to 100000000 bytes",
        file);
  }

  @Test
  void knowsTheFormatByContentAlone() throws IOException {
    byte[] safetensors =
        Samples.safetensors(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", f32(1));
    byte[] npy = Samples.npy("<f4", "(1,)", f32(1));
    byte[] pickle =
        new PickleWriter().raw("}(").text("a").tensor("FloatStorage", "0", 1).raw('u').stop();
    assertEquals("weights.file: safetensors, 1 tensors", Samples.read(safetensors).toString());
    assertEquals("weights.file: npy, 1 tensors", Samples.read(npy).toString());
    assertEquals(
        "weights.file: npz, 1 tensors", Samples.read(zip(true, Map.of("a.npy", npy))).toString());
    assertEquals(
        "weights.file: PyTorch zip checkpoint, 1 tensors",
        Samples.read(Samples.checkpoint(pickle, f32(1))).toString());
    assertEquals(
        "weights.file: PyTorch legacy checkpoint, 1 tensors",
        Samples.read(Samples.legacy(pickle, 1, f32(1))).toString());
  }

  @Test
  void keepsMessagesShortAndOnOneLine() {
    var error = new FormatException(Path.of("f"), "a\nb\u0007" + "x".repeat(9999), "y", "z");
    String message = String.valueOf(error.getMessage());
    assertTrue(message.startsWith("f: a\\nb\\x07xxx"), message);
    assertTrue(message.endsWith("x... (at y), expected z"), message);
    assertTrue(message.length() < 500, message);
    assertEquals("y", error.where());
    assertEquals("z", error.expectation());
  }
}
