package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.nn.Preprocessing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreprocessFileTest {
  @TempDir private Path folder;

  private PreprocessFile read(String json) throws Exception {
    return PreprocessFile.read(Files.writeString(folder.resolve("p.json"), json));
  }

  @Test
  void readsADescription() throws Exception {
    PreprocessFile file =
        read("{\"size\":[96, 128],\"scale\":0.5,\"mean\":[1,2.5,3],\"std\":[4,5,1e-1]}");
    assertEquals(new Size(96, 128), file.size());
    assertEquals(
        new Preprocessing(96, 128, 0.5, List.of(1.0, 2.5, 3.0), List.of(4.0, 5.0, 0.1)),
        file.preprocessing());
  }

  @Test
  void writesWhatItReads() throws Exception {
    for (Preprocessing each :
        List.of(
            Preprocessing.imagenet().withSize(299, 300),
            Preprocessing.vgg(),
            Preprocessing.tensorFlow())) {
      assertEquals(each, read(PreprocessFile.text(each)).preprocessing());
    }
  }

  @Test
  void everythingMayBeLeftOut() throws Exception {
    PreprocessFile file = read("{}");
    assertNull(file.size());
    assertEquals(Preprocessing.none(), file.preprocessing());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          `` | no object
          [1] | no object
          {"mean":[1,2]} | mean has 2 numbers
          {"mean":[1,"2",3]} | mean is no number or list of numbers
          {"means":[1,2,3]} | unknown entry means
          {"std":[1,0,1]} | std
          {"scale":1,"scale":2} | scale stands twice
          {"size":[0,3]} | size is 0.0
          {"size":[1.5,3]} | size is 1.5
          {"scale":1} x | no JSON (at line 1, column 13), expected
          {"scale":1}{} | something after the object
          {"scale":[1 | no JSON (at line 1, column 12), expected
          nonsense | no JSON (at line 1, column 1), expected
          """)
  void refusesOtherThings(String json, String reason) {
    var failure = assertThrows(Failure.class, () -> read(json));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.startsWith(folder.resolve("p.json") + ": "), message);
    assertTrue(message.contains(reason), message);
    assertTrue(message.contains("expected {\"size\""), message);
    assertEquals(1, message.lines().count());
  }
}
