package org.morethreads.logging;

import java.text.MessageFormat;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** A logger whose back end wants finished texts. */
abstract class FormattingLogger implements System.Logger {
  private final String name;

  FormattingLogger(String name) {
    this.name = name;
  }

  @Override
  public final String getName() {
    return name;
  }

  /** Writes a record of a level that is on. */
  abstract void write(Level level, String message, @Nullable Throwable failure);

  @Override
  public final void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String text,
      @Nullable Throwable failure) {
    if (isLoggable(level)) {
      write(level, translated(bundle, text), failure);
    }
  }

  @Override
  public final void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String format,
      @Nullable Object @Nullable ... parameters) {
    if (isLoggable(level)) {
      write(level, formatted(translated(bundle, format), parameters), null);
    }
  }

  private static String translated(@Nullable ResourceBundle bundle, @Nullable String text) {
    if (bundle == null || text == null) {
      return String.valueOf(text);
    }
    try {
      return bundle.getString(text);
    } catch (MissingResourceException | ClassCastException none) {
      return text;
    }
  }

  private static String formatted(String format, @Nullable Object @Nullable [] parameters) {
    if (parameters == null || parameters.length == 0 || format.indexOf('{') < 0) {
      return format;
    }
    try {
      return MessageFormat.format(format, parameters);
    } catch (RuntimeException | LinkageError | StackOverflowError broken) {
      // the pattern, or the text of a parameter
      return format + " (its parameters cannot be shown: " + LastResort.words(broken) + ")";
    }
  }
}
