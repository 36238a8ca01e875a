package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClassNamesTest {
  private static final ClassNames IMAGENET = ImageNetClasses.names();

  @Test
  void imageNetHasAThousandClassesWithDistinctWordNetIdsInTheirOrder() {
    assertEquals(1000, IMAGENET.size());
    List<String> ids =
        IMAGENET.all().stream().map(known -> known.wordNetId().orElseThrow()).toList();
    assertEquals(ids.stream().sorted().distinct().toList(), ids);
  }

  @ParameterizedTest
  @CsvSource({
    "0, n01440764, tench",
    "134, n02012849, crane",
    "159, n02087394, Rhodesian ridgeback",
    "281, n02123045, tabby",
    "383, n02497673, Madagascar cat",
    "517, n03126707, crane",
    "852, n04409515, tennis ball",
    "999, n15075141, toilet tissue"
  })
  void imageNetKnowsItsClasses(int index, String id, String name) {
    ClassName known = IMAGENET.get(index);
    assertEquals(name, known.name());
    assertEquals(Optional.of(id), known.wordNetId());
    assertEquals(index, IMAGENET.find(id));
  }

  @Test
  void imageNetKeepsSynonyms() {
    assertEquals(List.of("ring-tailed lemur", "Lemur catta"), IMAGENET.get(383).synonyms());
    assertEquals(List.of(), IMAGENET.get(159).synonyms());
  }

  @Test
  void cifar10HasItsTenClasses() {
    assertEquals(
        "airplane automobile bird cat deer dog frog horse ship truck",
        ClassNames.cifar10().all().stream().map(ClassName::name).collect(Collectors.joining(" ")));
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "tabby, 281",
    "TABBY, 281",
    "' tiger cat ', 282",
    "Lemur catta, 383",
    "N02497673, 383",
    "harp, 594",
  })
  void findsAClassByIndexIdNameOrSynonym(String text, int index) {
    assertEquals(index, IMAGENET.find(text));
  }

  @Test
  void anAmbiguousNameListsItsCandidates() {
    assertRefused(
        "\"crane\" names 2 classes: 134 (n02012849 crane), 517 (n03126707 crane)",
        () -> IMAGENET.find("crane"));
    assertRefused(
        "\"sand viper\" names 2 classes: 54 (n01729322 hognose snake), 66 (n01753488 horned viper)",
        () -> IMAGENET.find("sand viper"));
  }

  @Test
  void anUnknownNameListsTheClassesItIsAPartOf() {
    assertRefused(
        "no class is named \"albatros\"; it is a part of 146 (n02058221 albatross)",
        () -> IMAGENET.find("albatros"));
    assertRefused("no class is named \"hedgerow\"", () -> IMAGENET.find("hedgerow"));
    assertRefused("no class is named \"\"", () -> IMAGENET.find(""));
    String many = refusal(() -> IMAGENET.find("terrie"));
    assertTrue(many.startsWith("no class is named \"terrie\"; it is a part of 158 ("), many);
    assertTrue(many.matches(".* and 16 more"), many);
  }

  @Test
  void anIndexBeyondTheClassesIsRefused() {
    assertRefused("there is no class 1000, only 0 to 999", () -> IMAGENET.find("1000"));
    assertRefused("there is no class -1, only 0 to 9", () -> ClassNames.cifar10().get(-1));
  }

  @Test
  void readsListsWithAndWithoutIdsAndSynonyms() {
    ClassNames names =
        ClassNames.parse(
            List.of(
                "n01440764 tench, Tinca tinca", "  red fox ", "n02119789\tkit fox\tVulpes", ""));
    assertEquals(3, names.size());
    assertEquals("n01440764 tench", names.get(0).toString());
    assertEquals("red fox", names.get(1).toString());
    assertEquals(Optional.empty(), names.get(1).wordNetId());
    assertEquals(2, names.find("vulpes"));
    assertEquals("n02119789", ClassName.parse("n02119789").toString());
  }

  @Test
  void aListWithAHoleIsRefusedWithItsLine() {
    assertRefused(
        "line 2: a class has an empty name", () -> ClassNames.parse(List.of("cat", " ", "dog")));
    assertRefused("line 1: a class has an empty name", () -> ClassNames.parse(List.of(",")));
  }

  @Test
  void numbersClassesWithoutNames() {
    assertEquals("class 1", ClassNames.numbered(2).get(1).name());
    assertEquals(1, ClassNames.numbered(2).find("Class 1"));
  }

  private static void assertRefused(String message, Executable action) {
    assertEquals(message, refusal(action));
  }

  private static String refusal(Executable action) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, action).getMessage());
  }
}
