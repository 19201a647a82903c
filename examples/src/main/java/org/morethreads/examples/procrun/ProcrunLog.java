package org.morethreads.examples.procrun;

import static java.util.stream.Collectors.joining;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogWriterFinder;

/**
 * Lets what the libraries log, such as who holds up a stop, come out with the lines of the services
 * while there are any; else as usual. Found by the JDK, as the first of its kind on the class path.
 */
public final class ProcrunLog extends System.LoggerFinder {
  private static final Pattern STACK = Pattern.compile("\\s+(?:at |\\.\\.\\. )");

  private static volatile @Nullable Output output;

  private final System.LoggerFinder usual = new LogWriterFinder();

  static void sendTo(Output target) {
    output = target;
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Diverted(usual.getLogger(name, module));
  }

  private record Diverted(System.Logger usual) implements System.Logger {
    @Override
    public String getName() {
      return usual.getName();
    }

    @Override
    public boolean isLoggable(Level level) {
      return usual.isLoggable(level);
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String text,
        @Nullable Throwable failure) {
      Output target = output;
      if (target == null) {
        usual.log(level, bundle, text, failure);
      } else if (isLoggable(level)) {
        // where in our own code somebody waits is of no use to who runs services
        String said = text == null ? "" : text;
        target.say(
            said.lines().filter(it -> !STACK.matcher(it).lookingAt()).collect(joining("\n")));
        if (failure != null) {
          target.say(failure.toString());
        }
      }
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object @Nullable ... parameters) {
      boolean plain = format == null || parameters == null || parameters.length == 0;
      log(
          level,
          bundle,
          plain ? format : MessageFormat.format(format, parameters),
          (Throwable) null);
    }
  }
}
