package dev.hedgerow.app.download;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The folder that downloaded weights are kept in. */
public record WeightCache(Path folder) {
  /**
   * Returns the cache: in the folder given, else in that of {@code HEDGEROW_CACHE}, else {@code
   * hedgerow} in that of {@code XDG_CACHE_HOME} or in {@code ~/.cache}.
   */
  public static WeightCache of(@Nullable Path given, Map<String, String> environment) {
    if (given != null) return new WeightCache(given);
    String own = environment.get("HEDGEROW_CACHE");
    if (own != null && !own.isBlank()) return new WeightCache(Path.of(own));
    String caches = environment.get("XDG_CACHE_HOME");
    Path parent =
        caches != null && !caches.isBlank()
            ? Path.of(caches)
            : Path.of(System.getProperty("user.home"), ".cache");
    return new WeightCache(parent.resolve("hedgerow"));
  }

  /** Returns where a file is kept, whether it is there or not. */
  public Path path(PublishedFile file) {
    return folder.resolve(file.name());
  }

  /** Returns a model's weights, the first version that is there. Files here are complete ones. */
  public Optional<Path> find(String model) {
    return PublishedFile.of(model).stream()
        .map(this::path)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /** Whether a file is what it should be. */
  public static boolean isGood(Path file, PublishedFile published) throws IOException {
    return PublishedFile.checksum(file).equals(published.checksum());
  }
}
