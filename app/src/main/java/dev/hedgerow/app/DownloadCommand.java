package dev.hedgerow.app;

import dev.hedgerow.app.download.Download;
import dev.hedgerow.app.download.DownloadException;
import dev.hedgerow.app.download.PublishedFile;
import dev.hedgerow.app.download.WeightCache;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code hedgerow download}: fetches the weights of a family. */
@Command(
    name = "download",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Fetch the weights of a family that torchvision publishes, and print where they are.",
      "",
      "They are kept in a cache folder, where explain finds them. A download that was interrupted"
          + " goes on. Proxies: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or Java's https.proxyHost."
    },
    sortOptions = false)
final class DownloadCommand implements Callable<Integer> {
  private static final String OFFICIAL = "https://download.pytorch.org/models";

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private Main main;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A family such as resnet50; resnet50:v2 for torchvision's second weights.")
  private @Nullable String name;

  @Option(names = "--list", description = "List what can be downloaded, and what is there.")
  private boolean list;

  @Option(names = "--out", paramLabel = "FILE", description = "Put a copy there.")
  private @Nullable Path out;

  @Option(
      names = "--weights-version",
      paramLabel = "V",
      description = "v1 (default), the weights of the original papers, or v2.")
  private @Nullable String version;

  @Option(
      names = "--mirror",
      paramLabel = "URL",
      description = "The address that files are under; default: HEDGEROW_MIRROR, else " + OFFICIAL)
  private @Nullable String mirror;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description =
          "Where files are kept; default: HEDGEROW_CACHE, else hedgerow in XDG_CACHE_HOME or"
              + " ~/.cache.")
  private @Nullable Path cacheFolder;

  @Option(names = "--offline", description = "Take the file from the cache, or fail.")
  private boolean offline;

  @Option(names = "--force", description = "Replace a file that is not what it should be.")
  private boolean force;

  @Override
  public Integer call() throws Failure, InterruptedException {
    Map<String, String> environment = System.getenv();
    WeightCache cache = WeightCache.of(cacheFolder, environment);
    PrintWriter text = spec.commandLine().getOut();
    if (list) {
      for (PublishedFile file : PublishedFile.all()) {
        text.printf(
            Locale.ROOT,
            "%-16s  %s  %-34s  %5.1f MiB  %s%n",
            file.model(),
            file.version(),
            file.name(),
            file.mebibytes(),
            Files.exists(cache.path(file)) ? cache.path(file) : "-");
      }
      return Main.DONE;
    }
    PublishedFile file = published();
    URI address = address(file, environment);
    Path kept = cache.path(file);
    if (out != null) UserFiles.checkOutput(out);
    try {
      if (out == null || !isThere(out, file)) {
        if (!isThere(kept, file)) fetch(address, kept, file, environment);
        if (out != null) UserFiles.copy(kept, out);
      }
    } catch (IOException wrong) {
      throw new Failure((out == null ? kept : out) + ": " + UserFiles.reason(wrong), wrong);
    }
    text.println(out == null ? kept : out);
    return Main.DONE;
  }

  private PublishedFile published() {
    if (name == null) {
      throw new UsageException("Missing NAME; hedgerow download --list shows them");
    }
    int colon = name.indexOf(':');
    String model = colon < 0 ? name : name.substring(0, colon);
    List<PublishedFile> files = PublishedFile.of(model);
    if (files.isEmpty()) {
      List<String> known = PublishedFile.all().stream().map(PublishedFile::model).toList();
      throw new UsageException(
          "no weights are published for \"" + model + "\"" + Nearest.to(model, known));
    }
    String inName = colon < 0 ? null : name.substring(colon + 1);
    if (inName != null && version != null && !inName.equals(version)) {
      throw new UsageException(name + " and --weights-version " + version + " contradict");
    }
    String asked = inName != null ? inName : version != null ? version : files.getFirst().version();
    return files.stream()
        .filter(file -> file.version().equals(asked))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "%s has no weights \"%s\", expected %s"
                        .formatted(
                            model,
                            asked,
                            String.join(
                                " or ", files.stream().map(PublishedFile::version).toList()))));
  }

  private URI address(PublishedFile file, Map<String, String> environment) {
    String variable = environment.get("HEDGEROW_MIRROR");
    String base = mirror != null ? mirror : variable != null ? variable : OFFICIAL;
    try {
      URI address = URI.create(base.replaceAll("/+$", "") + "/" + file.name());
      String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
      if (address.getHost() != null && (scheme.equals("https") || scheme.equals("http"))) {
        return address;
      }
    } catch (IllegalArgumentException wrong) {
      // No address at all.
    }
    throw new UsageException("mirror \"" + base + "\" is no http or https address");
  }

  /** Whether a good file is there; a bad one is an error unless it may be replaced. */
  private boolean isThere(Path path, PublishedFile file) throws IOException, Failure {
    if (!Files.exists(path)) return false;
    if (Files.isDirectory(path)) throw new Failure(path + ": a folder, expected a file");
    if (WeightCache.isGood(path, file)) return true;
    if (force) return false;
    throw new Failure(
        "%s: exists, but is not %s: its SHA-256 starts with %s, expected %s; --force replaces it"
            .formatted(path, file.name(), PublishedFile.checksum(path), file.checksum()));
  }

  private void fetch(URI address, Path kept, PublishedFile file, Map<String, String> environment)
      throws Failure, InterruptedException {
    if (offline) {
      throw new Failure(kept + ": not there, and --offline forbids to download it");
    }
    var progress = new DownloadProgress(new StatusLine(spec.commandLine().getErr()));
    Messages messages = main.messages();
    var listener =
        new Download.Listener() {
          @Override
          public void received(long bytes, long total) {
            progress.show(file.name(), bytes, total);
          }

          @Override
          public void retrying(String reason) {
            progress.clear();
            messages.warning(address + ": " + reason + "; trying again");
          }
        };
    Download download;
    try {
      download = Download.standard(address, environment, listener);
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(String.valueOf(wrong.getMessage()), wrong);
    }
    try {
      download.fetch(address, kept, file.checksum());
    } catch (DownloadException wrong) {
      throw new Failure(String.valueOf(wrong.getMessage()), wrong);
    } finally {
      progress.clear();
    }
  }
}
