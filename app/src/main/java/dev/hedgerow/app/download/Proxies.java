package dev.hedgerow.app.download;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The proxies to go through: those of Java's own properties ({@code https.proxyHost} and so on),
 * and where these name none, those of {@code HTTPS_PROXY} and {@code HTTP_PROXY}, except for the
 * hosts of {@code NO_PROXY}: names with their subdomains, separated by commas, or {@code *}.
 */
final class Proxies extends ProxySelector {
  private final ProxySelector properties;
  private final Map<String, String> environment;

  Proxies(ProxySelector properties, Map<String, String> environment) {
    this.properties = properties;
    this.environment = environment;
  }

  /**
   * Returns the proxy for an address.
   *
   * @throws IllegalArgumentException if the variable that should name it does not; others may be
   *     whatever they are
   */
  @Override
  public List<Proxy> select(URI address) {
    List<Proxy> stated = properties.select(address);
    if (stated.stream().anyMatch(proxy -> proxy.type() != Proxy.Type.DIRECT)) return stated;
    URI at = isExcepted(address.getHost()) ? null : proxy(address.getScheme());
    if (at == null) return List.of(Proxy.NO_PROXY);
    int port = at.getPort() < 0 ? 80 : at.getPort();
    return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(at.getHost(), port)));
  }

  /** Returns the address of the proxy for a scheme; null if there is none. */
  private @Nullable URI proxy(String scheme) {
    String name = scheme + "_proxy";
    String value = variable(name);
    if (value == null) return null;
    try {
      var address = new URI(value.contains("://") ? value : "http://" + value);
      if (address.getHost() != null) return address;
    } catch (URISyntaxException wrong) {
      // Said below.
    }
    // Not what it is instead: that may have a password in it.
    throw new IllegalArgumentException(
        name.toUpperCase(Locale.ROOT) + " is no address of a proxy, expected http://HOST:PORT");
  }

  /** Returns a variable that may be written small or large; null if it is not there or empty. */
  private @Nullable String variable(String name) {
    String small = environment.get(name);
    String value = small != null ? small : environment.get(name.toUpperCase(Locale.ROOT));
    return value == null || value.isBlank() ? null : value.strip();
  }

  private boolean isExcepted(String host) {
    String names = variable("no_proxy");
    if (names == null) return false;
    for (String entry : names.split(",", -1)) {
      String name = entry.strip();
      if (name.startsWith(".")) name = name.substring(1);
      if (name.equals("*") || host.equalsIgnoreCase(name)) return true;
      if (!name.isEmpty()
          && host.toLowerCase(Locale.ROOT).endsWith("." + name.toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException why) {
    // The request fails, which says it.
  }
}
