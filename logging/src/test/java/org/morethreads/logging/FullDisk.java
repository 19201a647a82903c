package org.morethreads.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.FileAppender;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.Configurator;

/**
 * Writes numbered lines into a file that cannot take all of them, or to a standard output that is
 * such a file: see {@link FullDiskTest}.
 */
public final class FullDisk {
  private FullDisk() {}

  /** The line of a number; some are longer than the buffer of the sink. */
  static String line(int number) {
    return "line " + number + " " + "x".repeat(number % 500 == 7 ? 60_000 : number % 150);
  }

  private static Thread writer() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("more-threads-log-full"))
        .findAny()
        .orElseThrow();
  }

  /**
   * Makes room whenever the file is full and the writer has noticed, and so pauses: what was there
   * is put aside.
   */
  private static void makeRoom(Path file, long limit, Thread writer) throws Exception {
    for (int i = 0; true; i++) {
      while (Files.size(file) < limit || writer.getState() != Thread.State.TIMED_WAITING) {
        Thread.sleep(1);
      }
      Files.write(file.resolveSibling(file.getFileName() + "." + i), Files.readAllBytes(file));
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
    }
  }

  /** A log, what ends it, and what it has counted then. */
  private record Log(Consumer<String> write, Runnable end, Supplier<LogStatistics> statistics) {}

  private static Log own(LineSink sink) {
    LogWriter<CharSequence> writer =
        LogWriter.<CharSequence>named("full").retryFor(Duration.ofMinutes(1)).start(sink);
    return new Log(writer::write, writer::close, writer::statistics);
  }

  private static Log logback(Path file) {
    var context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    var encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%msg%n");
    encoder.start();
    var target = new FileAppender<ILoggingEvent>();
    target.setContext(context);
    target.setEncoder(encoder);
    target.setFile(file.toString());
    target.start();
    var appender = new org.morethreads.logging.logback.LogWriterAppender();
    appender.setContext(context);
    appender.setName("full");
    appender.addAppender(target);
    appender.start();
    context.getLogger("ROOT").addAppender(appender);
    return new Log(context.getLogger("app")::info, appender::stop, appender::statistics);
  }

  private static Log log4j(Path file) throws IOException {
    String configuration =
        """
        <Configuration status='ERROR' shutdownHook='disable'>
          <Appenders>
            <File name='FILE' fileName='%s' immediateFlush='false'>
              <PatternLayout pattern='%%m%%n'/>
            </File>
            <LogWriter name='full'><AppenderRef ref='FILE'/></LogWriter>
          </Appenders>
          <Loggers><Root level='info'><AppenderRef ref='full'/></Root></Loggers>
        </Configuration>
        """
            .formatted(file);
    var source =
        new ConfigurationSource(
            new ByteArrayInputStream(configuration.getBytes(StandardCharsets.UTF_8)));
    var context = Configurator.initialize(FullDisk.class.getClassLoader(), source);
    org.morethreads.logging.log4j.LogWriterAppender appender =
        context.getConfiguration().getAppender("full");
    return new Log(context.getLogger("app")::info, context::stop, appender::statistics);
  }

  private static Log open(String kind, Path file) throws IOException {
    return switch (kind) {
      case "stdout" -> own(LineSink.standardOutput());
      case "logback" -> logback(file);
      case "log4j" -> log4j(file);
      default -> own(LineSink.file(file));
    };
  }

  /** Arguments: the file, what writes to it, its limit, how many lines. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    String kind = arguments[1];
    long limit = Long.parseLong(arguments[2]);
    int lines = Integer.parseInt(arguments[3]);
    Log log = open(kind, file);
    Thread writer = writer();
    Thread.ofPlatform()
        .daemon(true)
        .start(() -> {
          try {
            makeRoom(file, limit, writer);
          } catch (Exception failure) {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
          }
        });
    for (int i = 0; i < lines; i++) {
      log.write.accept(line(i));
    }
    log.end.run();
    LogStatistics so = log.statistics.get();
    PrintStream says = kind.equals("stdout") ? System.err : System.out;
    says.println(so.written() + " written, " + so.lost() + " lost");
    Runtime.getRuntime().halt(0);
  }
}
