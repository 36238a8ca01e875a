package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ColourMapTest {
  @ParameterizedTest
  @CsvSource({
    "SEISMIC, 0, 0, 0, 76",
    "SEISMIC, 63, 0, 0, 253",
    "SEISMIC, 64, 1, 1, 255",
    "SEISMIC, 127, 253, 253, 255",
    "SEISMIC, 128, 255, 253, 253",
    "SEISMIC, 191, 255, 1, 1",
    "SEISMIC, 192, 254, 0, 0",
    "SEISMIC, 255, 128, 0, 0",
    "BWR, 0, 0, 0, 255",
    "BWR, 64, 128, 128, 255",
    "BWR, 127, 254, 254, 255",
    "BWR, 128, 255, 254, 254",
    "BWR, 192, 255, 126, 126",
    "BWR, 255, 255, 0, 0",
    "JET, 0, 0, 0, 128",
    "JET, 64, 0, 128, 255",
    "JET, 127, 122, 255, 125",
    "JET, 128, 125, 255, 122",
    "JET, 192, 255, 148, 0",
    "JET, 255, 128, 0, 0",
    "GREY, 0, 0, 0, 0",
    "GREY, 64, 64, 64, 64",
    "GREY, 127, 127, 127, 127",
    "GREY, 128, 128, 128, 128",
    "GREY, 255, 255, 255, 255",
    "VIRIDIS, 0, 68, 1, 84",
    "VIRIDIS, 160, 40, 174, 128",
    "VIRIDIS, 255, 253, 231, 37"
  })
  void hasMatplotlibsColours(ColourMap map, int index, int red, int green, int blue) {
    assertEquals(red << 16 | green << 8 | blue, map.colour(index));
  }

  @ParameterizedTest
  @CsvSource({
    "32, 71, 45, 123",
    "64, 59, 82, 139",
    "96, 44, 114, 142",
    "127, 33, 144, 141",
    "128, 33, 145, 140",
    "192, 94, 201, 98",
    "224, 173, 220, 48"
  })
  void viridisIsWithinOneLevelOfMatplotlibs(int index, int red, int green, int blue) {
    int colour = ColourMap.VIRIDIS.colour(index);
    assertEquals(red, colour >> 16, 1);
    assertEquals(green, colour >> 8 & 255, 1);
    assertEquals(blue, colour & 255, 1);
  }

  @ParameterizedTest
  @EnumSource
  void mapsASymmetricScale(ColourMap map) {
    assertEquals(map.colour(0), map.signed(-1));
    assertEquals(map.colour(127), map.signed(-1e-9));
    assertEquals(map.colour(128), map.signed(0));
    assertEquals(map.colour(192), map.signed(0.5));
    assertEquals(map.colour(255), map.signed(1));
    assertEquals(map.colour(0), map.signed(-7));
    assertEquals(map.colour(255), map.signed(7));
  }
}
