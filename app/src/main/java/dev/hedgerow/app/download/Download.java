package dev.hedgerow.app.download;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a file over http or https. What has come is in {@code NAME.part}; when all of it is there
 * and its checksum is right, it is renamed. A connection that is cut or stalls is made again, and
 * the file goes on from where it was, as long as the server says that it is the same file.
 *
 * @param tries how many requests in a row may bring nothing before it is given up
 * @param backOff the pause before the second of them, which doubles each time
 * @param stall how long a server may be silent
 * @param disk opens the part
 */
public record Download(
    HttpClient client,
    int tries,
    Duration backOff,
    Duration stall,
    PartOpener disk,
    Listener listener) {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+)");

  /** Is told how it goes. */
  public interface Listener {
    /**
     * Some bytes have come.
     *
     * @param total of the file; negative where the server does not say
     */
    void received(long bytes, long total);

    /** A request failed, and another one follows. */
    void retrying(String reason);
  }

  /** Opens a file for writing. */
  interface PartOpener {
    SeekableByteChannel open(Path part) throws IOException;
  }

  /** Worth another try: the server or the way there may recover. */
  private static final class Transient extends Exception {
    private static final long serialVersionUID = 1;

    Transient(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Returns a download with the proxies of this process.
   *
   * @param address what will be fetched
   * @throws IllegalArgumentException if the variable that should name its proxy does not
   */
  public static Download standard(URI address, Map<String, String> environment, Listener listener) {
    var proxies = new Proxies(ProxySelector.getDefault(), environment);
    // The client asks only when there is a folder and a part.
    proxies.select(address);
    HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(Duration.ofSeconds(30))
            .proxy(proxies)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    return new Download(
        client, 5, Duration.ofSeconds(1), Duration.ofSeconds(60), Download::open, listener);
  }

  /** Opens a part for this process alone. */
  static SeekableByteChannel open(Path part) throws IOException {
    var channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) return channel;
    } catch (OverlappingFileLockException sameProcess) {
      // As if it were another one.
    }
    channel.close();
    throw new IOException("another download is writing it");
  }

  /** Returns where a file is while it is not complete. */
  static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + ".part");
  }

  /**
   * Fetches a file.
   *
   * @param target where to; a file of that name is replaced when the new one is complete
   * @param checksum the first digits of its SHA-256
   * @throws DownloadException if that is not possible; what has come is left in the part
   */
  public void fetch(URI address, Path target, String checksum)
      throws DownloadException, InterruptedException {
    Path part = part(target);
    try {
      Files.createDirectories(Objects.requireNonNull(target.toAbsolutePath().getParent()));
      boolean resumed;
      try (SeekableByteChannel channel = disk.open(part)) {
        resumed = channel.size() > 0;
        receive(address, part, channel);
      } finally {
        if (Files.exists(part) && Files.size(part) == 0) Files.delete(part);
      }
      String found = PublishedFile.checksum(part);
      if (!found.equals(checksum)) {
        Files.delete(part);
        if (resumed) {
          // The beginning, from an earlier run, may be that of another file.
          listener.retrying("the part from an earlier run did not fit");
          fetch(address, target, checksum);
          return;
        }
        throw new DownloadException(
            "%s: its SHA-256 starts with %s, expected %s; it was not kept"
                .formatted(address, found, checksum));
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException wrong) {
      throw new DownloadException(part + ": " + reason(wrong), wrong);
    }
  }

  /** Requests the file, from where the part ends, until all of it is there. */
  private void receive(URI address, Path part, SeekableByteChannel channel)
      throws DownloadException, InterruptedException {
    String entityTag = null;
    Duration pause = backOff;
    for (int failures = 0; ; ) {
      long before = size(part, channel);
      try {
        HttpResponse<InputStream> response = request(address, before, entityTag);
        try (InputStream body = response.body()) {
          long total = begin(address, response, part, channel, before);
          // Not that of an error's page, which begin refuses.
          entityTag = response.headers().firstValue("ETag").orElse(null);
          if (total == before) return;
          copy(body, part, channel, total);
          return;
        }
      } catch (IOException | Transient wrong) {
        long now = size(part, channel);
        if (now > before) {
          failures = 0;
          pause = backOff;
        }
        if (++failures >= tries) {
          throw new DownloadException(
              address
                  + ": "
                  + reason(wrong)
                  + (now > 0 ? "; " + now + " bytes are in " + part + ", to go on from" : ""),
              wrong);
        }
        listener.retrying(reason(wrong));
        Thread.sleep(pause);
        pause = pause.multipliedBy(2);
      }
    }
  }

  private HttpResponse<InputStream> request(URI address, long from, @Nullable String entityTag)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(stall);
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
      // A weak tag does not promise the same bytes.
      if (entityTag != null && !entityTag.startsWith("W/")) request.header("If-Range", entityTag);
    }
    return client.send(request.build(), BodyHandlers.ofInputStream());
  }

  /**
   * Sets the part to where the body that follows begins.
   *
   * @return the size of the file; negative where the server does not say
   */
  private static long begin(
      URI address,
      HttpResponse<InputStream> response,
      Path part,
      SeekableByteChannel channel,
      long have)
      throws DownloadException, Transient {
    int status = response.statusCode();
    if (status == 200) {
      truncate(part, channel);
      return response.headers().firstValueAsLong("Content-Length").orElse(-1);
    }
    String range = response.headers().firstValue("Content-Range").orElse("");
    if (status == 206) {
      Matcher matcher = RANGE.matcher(range);
      if (matcher.matches() && Long.parseLong(matcher.group(1)) == have) {
        return Long.parseLong(matcher.group(2));
      }
      truncate(part, channel);
      throw new Transient("the server sent another part than asked for: " + range, null);
    }
    if (status == 416) {
      if (range.equals("bytes */" + have)) return have;
      truncate(part, channel);
      throw new Transient("the file is smaller than what has come of it", null);
    }
    String message = "the server answers " + status;
    if (status >= 500 || status == 408 || status == 429) throw new Transient(message, null);
    throw new DownloadException(address + ": " + message + (status == 404 ? " (not found)" : ""));
  }

  private void copy(InputStream body, Path part, SeekableByteChannel channel, long total)
      throws IOException, DownloadException, Transient {
    var lastRead = new AtomicLong(System.nanoTime());
    Thread watch = Thread.ofVirtual().start(() -> closeIfSilent(body, lastRead));
    byte[] buffer = new byte[1 << 16];
    long have = size(part, channel);
    try {
      for (int count; (count = body.read(buffer)) >= 0; ) {
        lastRead.set(System.nanoTime());
        write(part, channel, ByteBuffer.wrap(buffer, 0, count));
        have += count;
        listener.received(have, total);
      }
    } catch (IOException cut) {
      throw new Transient(silent(lastRead) ? silence() : "the connection was cut", cut);
    } finally {
      watch.interrupt();
    }
    if (silent(lastRead)) throw new Transient(silence(), null);
    if (total >= 0 && have != total) {
      throw new Transient("%d of %d bytes came".formatted(have, total), null);
    }
  }

  private void closeIfSilent(InputStream body, AtomicLong lastRead) {
    try {
      while (!silent(lastRead)) Thread.sleep(stall.dividedBy(4));
      body.close();
    } catch (InterruptedException | IOException done) {
      // Either everything has come, or the stream is closed.
    }
  }

  private boolean silent(AtomicLong lastRead) {
    return System.nanoTime() - lastRead.get() > stall.toNanos();
  }

  private String silence() {
    return "nothing came for " + stall.toMillis() / 1e3 + " s";
  }

  private static long size(Path part, SeekableByteChannel channel) throws DownloadException {
    try {
      return channel.size();
    } catch (IOException wrong) {
      throw unwritable(part, wrong);
    }
  }

  private static void truncate(Path part, SeekableByteChannel channel) throws DownloadException {
    try {
      channel.truncate(0);
    } catch (IOException wrong) {
      throw unwritable(part, wrong);
    }
  }

  private static void write(Path part, SeekableByteChannel channel, ByteBuffer bytes)
      throws DownloadException {
    try {
      channel.position(channel.size());
      while (bytes.hasRemaining()) channel.write(bytes);
    } catch (IOException wrong) {
      throw unwritable(part, wrong);
    }
  }

  private static DownloadException unwritable(Path part, IOException wrong) {
    return new DownloadException(
        part + ": cannot be written: " + reason(wrong) + "; what came before is kept", wrong);
  }

  private static String reason(Throwable wrong) {
    if (wrong instanceof FileAlreadyExistsException other) {
      return other.getFile() + " is a file, expected a folder";
    }
    for (Throwable cause = wrong; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "the host has no address: is there a network?";
      }
      String message = cause.getMessage();
      if (message != null && !message.isBlank()) return message;
    }
    return wrong instanceof ConnectException
        ? "no connection: is there a network?"
        : wrong.getClass().getSimpleName();
  }
}
