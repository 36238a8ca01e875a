package dev.hedgerow.app.download;

/**
 * A file that could not be fetched. The message is one line: which, why, and what is left of it.
 */
public final class DownloadException extends Exception {
  private static final long serialVersionUID = 1;

  DownloadException(String message) {
    super(message);
  }

  DownloadException(String message, Throwable cause) {
    super(message, cause);
  }
}
