package dev.hedgerow.app.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.hedgerow.nn.Families;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on the loopback interface, which does one thing after another. */
class DownloadTest {
  private static final byte[] BYTES = new byte[300_000];
  private static final String CHECKSUM;
  private static final String TAG = "\"one\"";

  static {
    new Random(1).nextBytes(BYTES);
    CHECKSUM = checksum(BYTES);
  }

  /** What the server does with a request. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @TempDir private Path folder = Path.of("");
  private HttpServer server;
  private final List<Answer> answers = new ArrayList<>();
  private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());
  private final List<String> retries = new ArrayList<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile long received;

  private final Download.Listener listener =
      new Download.Listener() {
        @Override
        public void received(long bytes, long total) {
          received = bytes;
        }

        @Override
        public void retrying(String reason) {
          retries.add(reason);
        }
      };

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          int turn = ranges.size();
          ranges.add(String.valueOf(exchange.getRequestHeaders().getFirst("Range")));
          try (exchange) {
            answers.get(Math.min(turn, answers.size() - 1)).to(exchange);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
  }

  private static String checksum(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest).substring(0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/models/w.pth");
  }

  private Path target() {
    return folder.resolve("cache").resolve("w.pth");
  }

  private Download download(ProxySelector proxies, Download.PartOpener disk) {
    HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(proxies)
            .build();
    return new Download(client, 3, Duration.ofMillis(2), Duration.ofMillis(400), disk, listener);
  }

  private void fetch() throws Exception {
    download(HttpClient.Builder.NO_PROXY, Download::open).fetch(address(), target(), CHECKSUM);
  }

  private String failure() {
    return String.valueOf(assertThrows(DownloadException.class, this::fetch).getMessage());
  }

  private void assertFetched() throws IOException {
    assertArrayEquals(BYTES, Files.readAllBytes(target()));
    assertEquals(List.of("w.pth"), names());
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder.resolve("cache"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Answers 200 with the whole file, but sends only some of it. */
  private Answer whole(byte[] bytes, int sent, String tag) {
    return exchange -> {
      exchange.getResponseHeaders().set("ETag", tag);
      exchange.sendResponseHeaders(200, bytes.length);
      send(exchange, bytes, 0, sent);
    };
  }

  /** Answers 206 with what was asked for, if the tag still fits. */
  private Answer rest(int sent) {
    return exchange -> {
      String range = exchange.getRequestHeaders().getFirst("Range");
      assertEquals(TAG, exchange.getRequestHeaders().getFirst("If-Range"));
      int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange.getResponseHeaders().set("ETag", TAG);
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (BYTES.length - 1) + "/" + BYTES.length);
      exchange.sendResponseHeaders(206, BYTES.length - from);
      send(exchange, BYTES, from, Math.min(sent, BYTES.length - from));
    };
  }

  /** Sends some bytes, which have arrived before the connection may be cut, or a second later. */
  private void send(HttpExchange exchange, byte[] bytes, int from, int count) throws IOException {
    exchange.getResponseBody().write(bytes, from, count);
    exchange.getResponseBody().flush();
    long start = System.nanoTime();
    while (received < from + count && System.nanoTime() - start < 1e9)
      LockSupport.parkNanos(100_000);
  }

  private static Answer status(int status) {
    return exchange -> exchange.sendResponseHeaders(status, -1);
  }

  /** A file holds at least its parameters; one was published in half precision. */
  @Test
  void sizesFitTheNumberOfParameters() {
    for (PublishedFile file : PublishedFile.all()) {
      long parameters = Families.find(file.model()).orElseThrow().parameterCount();
      int bytes = file.name().equals("wide_resnet50_2-95faca4d.pth") ? 2 : 4;
      double values = (double) bytes * parameters / (1 << 20);
      double most = file.model().equals("googlenet") ? 2 * values : 1.15 * values;
      assertTrue(file.mebibytes() > values && file.mebibytes() < most, file.name());
    }
  }

  @Test
  void fetchesAndRenames() throws Exception {
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
    assertEquals(BYTES.length, received);
    assertEquals(List.of("null"), ranges);
  }

  @Test
  void goesOnWhereTheConnectionWasCut() throws Exception {
    answers.add(whole(BYTES, 100_000, TAG));
    answers.add(rest(50_000));
    answers.add(rest(50_000));
    answers.add(rest(1));
    answers.add(rest(BYTES.length));
    fetch();
    assertFetched();
    assertEquals(
        List.of("null", "bytes=100000-", "bytes=150000-", "bytes=200000-", "bytes=200001-"),
        ranges);
    assertEquals(4, retries.size());
  }

  @Test
  void goesOnWithThePartOfAnEarlierRun() throws Exception {
    answers.add(whole(BYTES, 100_000, TAG));
    answers.add(status(500));
    String message = failure();
    assertEquals(
        address()
            + ": the server answers 500; 100000 bytes are in "
            + Download.part(target())
            + ", to go on from",
        message);
    assertEquals(List.of("w.pth.part"), names());
    answers.clear();
    answers.add(
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 100000-299999/300000");
          exchange.sendResponseHeaders(206, 200_000);
          exchange.getResponseBody().write(BYTES, 100_000, 200_000);
        });
    ranges.clear();
    fetch();
    assertFetched();
    assertEquals(List.of("bytes=100000-"), ranges);
  }

  @Test
  void startsAgainIfThePartOfAnEarlierRunDoesNotFit() throws Exception {
    Files.createDirectories(folder.resolve("cache"));
    Files.write(Download.part(target()), new byte[BYTES.length]);
    answers.add(
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes */300000");
          exchange.sendResponseHeaders(416, -1);
        });
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
    assertEquals(List.of("bytes=300000-", "null"), ranges);
  }

  @Test
  void startsAgainIfThePartIsLongerThanTheFile() throws Exception {
    Files.createDirectories(folder.resolve("cache"));
    Files.write(Download.part(target()), new byte[BYTES.length + 9]);
    answers.add(status(416));
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
  }

  @Test
  void startsAgainWithAServerThatKnowsNoRanges() throws Exception {
    answers.add(whole(BYTES, 100_000, TAG));
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
    assertEquals(List.of("null", "bytes=100000-"), ranges);
  }

  @Test
  void startsAgainIfTheFileChanged() throws Exception {
    byte[] other = BYTES.clone();
    other[5]++;
    answers.add(whole(other, 100_000, "\"zero\""));
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
  }

  @Test
  void startsAgainIfAnotherPartCameThanAskedFor() throws Exception {
    answers.add(whole(BYTES, 100_000, TAG));
    answers.add(
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 7-299999/300000");
          exchange.sendResponseHeaders(206, 299_993);
          exchange.getResponseBody().write(BYTES, 7, 299_993);
        });
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
    assertEquals("null", ranges.getLast());
  }

  @Test
  void doesNotKeepAFileOfAnotherChecksum() throws Exception {
    byte[] other = BYTES.clone();
    other[5]++;
    answers.add(whole(other, other.length, TAG));
    assertEquals(
        address()
            + ": its SHA-256 starts with "
            + checksum(other)
            + ", expected "
            + CHECKSUM
            + "; it was not kept",
        failure());
    assertEquals(List.of(), names());
  }

  @Test
  void givesUpAtOnceIfTheFileIsNotThere() throws Exception {
    answers.add(status(404));
    assertEquals(address() + ": the server answers 404 (not found)", failure());
    assertEquals(1, ranges.size());
    assertEquals(List.of(), names());
  }

  @Test
  void triesAgainAfterAnErrorOfTheServer() throws Exception {
    answers.add(status(500));
    answers.add(status(503));
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
    assertEquals(List.of("the server answers 500", "the server answers 503"), retries);
  }

  @Test
  void followsRedirects() throws Exception {
    answers.add(
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/elsewhere");
          exchange.sendResponseHeaders(302, -1);
        });
    answers.add(whole(BYTES, BYTES.length, TAG));
    fetch();
    assertFetched();
  }

  @Test
  void doesNotWaitForASilentServer() throws Exception {
    Answer silent =
        exchange -> {
          whole(BYTES, 1000, TAG).to(exchange);
          try {
            end.await();
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          }
        };
    answers.add(silent);
    answers.add(rest(BYTES.length));
    fetch();
    assertFetched();
    assertEquals(List.of("nothing came for 0.4 s"), retries);
  }

  @Test
  void saysThatThereIsNoConnection() throws Exception {
    int free;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    URI address = URI.create("http://127.0.0.1:" + free + "/w.pth");
    Download download = download(HttpClient.Builder.NO_PROXY, Download::open);
    var failure =
        assertThrows(DownloadException.class, () -> download.fetch(address, target(), CHECKSUM));
    assertEquals(address + ": no connection: is there a network?", failure.getMessage());
    assertEquals(2, retries.size());
  }

  @Test
  void saysThatTheHostIsNotKnown() {
    URI address = URI.create("http://weights.invalid/w.pth");
    Download download = download(HttpClient.Builder.NO_PROXY, Download::open);
    var failure =
        assertThrows(DownloadException.class, () -> download.fetch(address, target(), CHECKSUM));
    assertEquals(address + ": the host has no address: is there a network?", failure.getMessage());
  }

  @Test
  void saysThatTheCacheIsAFile() throws Exception {
    Path file = Files.createFile(folder.resolve("cache"));
    assertEquals(
        Download.part(target()) + ": " + file + " is a file, expected a folder", failure());
  }

  /** A disk with room for some bytes. */
  private record Full(SeekableByteChannel channel, long room) implements SeekableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (channel.position() + bytes.remaining() > room) {
        throw new IOException("No space left on device");
      }
      return channel.write(bytes);
    }

    @Override
    public int read(ByteBuffer bytes) throws IOException {
      return channel.read(bytes);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public SeekableByteChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      channel.truncate(size);
      return this;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Test
  void saysThatTheDiskIsFullAndGoesOnLater() throws Exception {
    answers.add(whole(BYTES, BYTES.length, TAG));
    Download small =
        download(HttpClient.Builder.NO_PROXY, part -> new Full(Download.open(part), 200_000));
    var failure =
        assertThrows(DownloadException.class, () -> small.fetch(address(), target(), CHECKSUM));
    assertEquals(
        Download.part(target())
            + ": cannot be written: No space left on device; what came before is kept",
        failure.getMessage());
    assertEquals(List.of("w.pth.part"), names());
    assertTrue(Files.size(Download.part(target())) > 100_000);
    fetch();
    assertFetched();
  }

  @Test
  void leavesAPartThatAnotherIsWriting() throws Exception {
    Files.createDirectories(folder.resolve("cache"));
    try (SeekableByteChannel other = Download.open(Download.part(target()))) {
      assertTrue(other.isOpen());
      assertEquals(Download.part(target()) + ": another download is writing it", failure());
    }
  }

  @Test
  void goesThroughAProxy() throws Exception {
    answers.add(whole(BYTES, BYTES.length, TAG));
    String proxy = "http://127.0.0.1:" + server.getAddress().getPort();
    var none = ProxySelector.of(null);
    var proxies = new Proxies(none, Map.of("HTTP_PROXY", proxy, "no_proxy", "localhost"));
    Download download = download(proxies, Download::open);
    download.fetch(URI.create("http://weights.invalid/w.pth"), target(), CHECKSUM);
    assertFetched();
  }

  @Test
  void choosesAProxyAsTheVariablesSay() {
    Map<String, String> variables =
        Map.of("HTTPS_PROXY", "gate:3128", "NO_PROXY", "intern.example, .local,10.0.0.1");
    var proxies = new Proxies(ProxySelector.of(null), variables);
    assertEquals("gate", host(proxies, "https://download.pytorch.org/x"));
    assertEquals("", host(proxies, "http://download.pytorch.org/x"));
    assertEquals("", host(proxies, "https://intern.example/x"));
    assertEquals("", host(proxies, "https://a.INTERN.example/x"));
    assertEquals("gate", host(proxies, "https://notintern.example/x"));
    assertEquals("", host(proxies, "https://nas.local/x"));
    assertEquals("", host(proxies, "https://10.0.0.1/x"));
    var properties = ProxySelector.of(InetSocketAddress.createUnresolved("stated", 80));
    assertEquals("stated", host(new Proxies(properties, variables), "https://a.org/x"));
  }

  @Test
  void refusesAProxyThatIsNoAddress() {
    URI address = URI.create("https://a.org/x");
    ProxySelector before = ProxySelector.getDefault();
    ProxySelector.setDefault(ProxySelector.of(null));
    try {
      for (String proxy : List.of("foo:bar:baz", "http://[bad", "http://", ":80", "a b")) {
        var failure =
            assertThrows(
                IllegalArgumentException.class,
                () -> Download.standard(address, Map.of("HTTPS_PROXY", proxy), listener));
        assertEquals(
            "HTTPS_PROXY is no address of a proxy, expected http://HOST:PORT",
            failure.getMessage());
      }
    } finally {
      ProxySelector.setDefault(before);
    }
  }

  @Test
  void doesNotLookAtAProxyThatIsNotUsed() {
    Map<String, String> variables = Map.of("HTTP_PROXY", "a b", "NO_PROXY", "intern.example");
    var proxies = new Proxies(ProxySelector.of(null), variables);
    assertEquals("", host(proxies, "https://a.org/x"));
    assertEquals("", host(proxies, "http://intern.example/x"));
    var properties = ProxySelector.of(InetSocketAddress.createUnresolved("stated", 80));
    assertEquals("stated", host(new Proxies(properties, variables), "http://a.org/x"));
    var failure =
        assertThrows(IllegalArgumentException.class, () -> host(proxies, "http://a.org/x"));
    assertEquals(
        "HTTP_PROXY is no address of a proxy, expected http://HOST:PORT", failure.getMessage());
  }

  private static String host(ProxySelector proxies, String address) {
    Proxy proxy = proxies.select(URI.create(address)).getFirst();
    return proxy.address() instanceof InetSocketAddress at ? at.getHostString() : "";
  }

  @Test
  void theListIsWellFormed() {
    Set<String> names = new HashSet<>();
    for (PublishedFile file : PublishedFile.all()) {
      assertTrue(file.checksum().matches("[0-9a-f]{8}"), file.name());
      assertTrue(file.version().matches("v[12]"), file.name());
      assertTrue(names.add(file.name()), file.name());
    }
    assertEquals(31, names.size());
    assertEquals("vgg16-397923af.pth", PublishedFile.of("vgg16").getFirst().name());
    assertEquals("11ad3fa6", PublishedFile.of("resnet50").get(1).checksum());
    assertFalse(PublishedFile.of("resnet50").isEmpty());
    assertEquals(List.of(), PublishedFile.of("resnet5"));
  }

  @Test
  void theCacheIsWhereItIsSaidToBe() throws Exception {
    Map<String, String> own = Map.of("HEDGEROW_CACHE", "/own", "XDG_CACHE_HOME", "/xdg");
    assertEquals(folder, WeightCache.of(folder, own).folder());
    assertEquals(Path.of("/own"), WeightCache.of(null, own).folder());
    assertEquals(
        Path.of("/xdg/hedgerow"), WeightCache.of(null, Map.of("XDG_CACHE_HOME", "/xdg")).folder());
    var cache = new WeightCache(folder);
    assertTrue(cache.find("resnet50").isEmpty());
    Path second = Files.createFile(folder.resolve("resnet50-11ad3fa6.pth"));
    assertEquals(second, cache.find("resnet50").orElseThrow());
    Path first = Files.createFile(folder.resolve("resnet50-0676ba61.pth"));
    assertEquals(first, cache.find("resnet50").orElseThrow());
  }

  @Test
  void damagedBytesAreNotGood() throws Exception {
    var file = new PublishedFile("m", "v1", "m-" + CHECKSUM + ".pth", 1);
    Path path = Files.write(folder.resolve(file.name()), BYTES);
    assertTrue(WeightCache.isGood(path, file));
    Files.write(path, Arrays.copyOf(BYTES, BYTES.length - 1));
    assertFalse(WeightCache.isGood(path, file));
  }
}
