package org.morethreads.benchmarks.loss;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A logging framework with a configuration that its users write. */
public enum LossConfig {
  LOGBACK_SYNC(Api.LOGBACK, ""),
  LOGBACK_ASYNC(
      Api.LOGBACK,
      """
      <appender name="ASYNC" class="ch.qos.logback.classic.AsyncAppender">
        <appender-ref ref="FILE"/>
      </appender>
      """),
  /** As its documentation recommends for those who want to lose nothing. */
  LOGBACK_ASYNC_TUNED(
      Api.LOGBACK,
      """
      <appender name="ASYNC" class="ch.qos.logback.classic.AsyncAppender">
        <queueSize>8192</queueSize>
        <discardingThreshold>0</discardingThreshold>
        <maxFlushTime>0</maxFlushTime>
        <appender-ref ref="FILE"/>
      </appender>
      <shutdownHook class="ch.qos.logback.core.hook.DefaultShutdownHook"/>
      """),
  LOG4J_SYNC(Api.LOG4J, ""),
  /** All loggers asynchronous, over the Disruptor. */
  LOG4J_ASYNC_LOGGERS(Api.LOG4J, ""),
  LOG4J_ASYNC_APPENDER(Api.LOG4J, "<Async name=\"ASYNC\"><AppenderRef ref=\"FILE\"/></Async>"),
  OURS_LOGBACK(
      Api.LOGBACK,
      """
      <appender name="ASYNC" class="org.morethreads.logging.logback.LogWriterAppender">
        <appender-ref ref="FILE"/>
      </appender>
      """),
  OURS_LOG4J(Api.LOG4J, "<LogWriter name=\"ASYNC\"><AppenderRef ref=\"FILE\"/></LogWriter>"),
  OURS(Api.SYSTEM, "");

  /** Through which API the program logs. */
  public enum Api {
    LOGBACK,
    LOG4J,
    SYSTEM
  }

  private static final String LOGBACK_FILE =
      """
      <configuration>
        <appender name="FILE" class="ch.qos.logback.core.FileAppender">
          <file>%s</file>
          <encoder><pattern>%%d [%%thread] %%level %%logger - %%msg%%n</pattern></encoder>
        </appender>
        %s
        <root level="INFO"><appender-ref ref="%s"/></root>
      </configuration>
      """;

  private static final String LOG4J_FILE =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <Configuration status="ERROR"%s>
        <Appenders>
          <File name="FILE" fileName="%s"%s>
            <PatternLayout pattern="%%d [%%t] %%level %%logger - %%msg%%n"/>
          </File>
          %s
        </Appenders>
        <Loggers><Root level="info"><AppenderRef ref="%s"/></Root></Loggers>
      </Configuration>
      """;

  final Api api;
  private final String appender;

  LossConfig(Api api, String appender) {
    this.api = api;
    this.appender = appender;
  }

  /** {@return through which API programs log to it} */
  public Api api() {
    return api;
  }

  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  boolean isOurs() {
    return name().startsWith("OURS");
  }

  static Optional<LossConfig> of(String title) {
    return Arrays.stream(values()).filter(each -> each.title().equals(title)).findFirst();
  }

  /** Writes the configuration, and answers the options of the JVM that make it used. */
  public List<String> install(Path directory, Path log) throws IOException {
    String ref = appender.isEmpty() ? "FILE" : "ASYNC";
    List<String> options = new ArrayList<>();
    switch (api) {
      case LOGBACK -> {
        Path file = directory.resolve("logback.xml");
        Files.writeString(file, LOGBACK_FILE.formatted(log, appender, ref));
        options.add("-Dlogback.configurationFile=" + file);
        options.add("-Dorg.morethreads.logging.backend=logback");
      }
      case LOG4J -> {
        Path file = directory.resolve("log4j2.xml");
        String hook = isOurs() ? " shutdownHook=\"disable\"" : "";
        String flush = isOurs() ? " immediateFlush=\"false\"" : "";
        Files.writeString(file, LOG4J_FILE.formatted(hook, log, flush, appender, ref).strip());
        options.add("-Dlog4j2.configurationFile=" + file);
        options.add("-Dorg.morethreads.logging.backend=log4j");
        if (this == LOG4J_ASYNC_LOGGERS) {
          options.add(
              "-Dlog4j2.contextSelector=org.apache.logging.log4j.core.async.AsyncLoggerContextSelector");
        }
      }
      case SYSTEM -> {
        options.add("-Dorg.morethreads.logging.backend=own");
        options.add("-Dorg.morethreads.logging.file=" + log);
      }
    }
    return options;
  }
}
