package org.morethreads.logging;

import ch.qos.logback.classic.LoggerContext;
import org.morethreads.thread.ManagedThread;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.SpringApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A small Spring Boot application: a bean and a managed thread log as they stop, a hook after that.
 */
@Configuration(proxyBeanMethods = false)
class BootProgram {
  static final int LINES = 200;

  /** Logs when the application ends. */
  @Bean
  DisposableBean service() {
    return () -> say("bean stops");
  }

  private static void say(String what) {
    Logger log = LoggerFactory.getLogger(BootProgram.class);
    for (int i = 0; i < LINES; i++) {
      log.info("{} {}", what, i);
    }
  }

  public static void main(String[] args) throws Exception {
    var context = SpringApplication.run(BootProgram.class, args);
    ManagedThread.run(
        "worker",
        pleaseStop -> {
          pleaseStop.await();
          say("thread stops");
        });
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              while (context.isActive()) { // Boot's hook runs beside this one
                Thread.onSpinWait();
              }
              var log = (LoggerContext) LoggerFactory.getILoggerFactory();
              while (Boolean.getBoolean("boot.closes-the-log") && log.isStarted()) {
                Thread.onSpinWait();
              }
              System.out.println(log.isStarted() ? "the log is open" : "the log is closed");
              say("after the beans");
            }));
    System.out.println("ready");
    if (System.getProperty("boot.exits") != null) {
      System.exit(0);
    }
    Thread.currentThread().join(); // as the threads of a web server do
  }
}
