package dev.hedgerow.app;

import picocli.CommandLine.Option;

/** The option that says how many processors to use. */
final class ThreadsOption {
  private static final int MOST = 1024;

  @Option(names = "--threads", paramLabel = "N", description = "Default: one a processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

  /**
   * Returns the number of threads.
   *
   * @throws UsageException if it makes no sense
   */
  int threads() {
    if (threads < 1 || threads > MOST) {
      throw new UsageException("--threads is " + threads + ", expected 1 to " + MOST);
    }
    return threads;
  }
}
