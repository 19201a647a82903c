package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Surroundings;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;

/**
 * No interleaving of those who log, close and end the program with the thread of the log writer
 * loses a record whose call has returned, or writes one twice or out of order (G1).
 */
class LogSchedulesTest {
  private static final Duration LONG = Duration.ofHours(1);

  private PrintStream err;

  /** What the writer says of losses that a scenario causes, thousands of times. */
  @BeforeEach
  void silence() {
    err = System.err;
    System.setErr(new PrintStream(OutputStream.nullOutputStream()));
  }

  @AfterEach
  void restore() {
    System.setErr(err);
  }

  /** A log and what has become of it, in one run. */
  private static final class Log implements LogSink<String> {
    final Run run;
    final ScheduledSeam seam;
    final LogWriter<String> writer;

    /** What the sink has taken, and what of it has been flushed. */
    final List<String> lines = new ArrayList<>();

    int flushed;

    /** Records whose calls have returned, true or false. */
    final List<String> kept = new ArrayList<>();

    final List<String> refused = new ArrayList<>();
    int failingWrites;
    int failingFlushes;
    int closed;
    private int users;

    Log(Run run, int capacity) {
      this(run, capacity, LONG);
    }

    Log(Run run, int capacity, Duration retryFor) {
      this.run = run;
      this.seam = new ScheduledSeam(run);
      this.writer =
          LogWriter.<String>named("log")
              .capacity(capacity)
              .stopWithin(LONG)
              .retryFor(retryFor)
              .over(seam)
              .start(this);
    }

    @Override
    public void write(String line) throws IOException {
      run.step("sink");
      assertThat(closed).as("closed before " + line).isZero();
      if (failingWrites > 0) {
        failingWrites--;
        throw new IOException("not yet");
      }
      lines.add(line);
    }

    @Override
    public void flush() throws IOException {
      int taken = lines.size();
      run.step("flush");
      if (failingFlushes > 0) {
        failingFlushes--;
        throw new IOException("not yet");
      }
      flushed = taken;
    }

    @Override
    public void close() {
      closed++;
    }

    List<String> safe() {
      return lines.subList(0, flushed);
    }

    /** A thread of the scenario; the last of them to end closes the log. */
    Participant thread(String name, Run.Body body) {
      users++;
      return run.thread(
          name,
          () -> {
            body.run();
            if (--users == 0) {
              writer.close();
            }
          });
    }

    Participant logs(String name, int records) {
      return thread(
          name,
          () -> {
            for (int i = 0; i < records; i++) {
              log(name + i);
            }
          });
    }

    void log(String record) {
      if (writer.write(record)) {
        kept.add(record);
      } else {
        refused.add(record);
      }
    }

    /** What must be so in the end, whatever has happened. */
    void checkAfterwards() {
      run.afterwards(() -> {
        assertThat(lines).containsExactlyInAnyOrderElementsOf(kept);
        assertThat(flushed).isEqualTo(lines.size());
        for (String name : List.of("a", "b")) {
          assertThat(lines.stream().filter(line -> line.startsWith(name))).isSorted();
        }
        assertThat(closed).isEqualTo(1);
        LogStatistics so = writer.statistics();
        assertThat(so.pending()).isZero();
        assertThat(so.written()).isEqualTo(lines.size());
        assertThat(so.lost()).isEqualTo(refused.size());
      });
    }
  }

  private static Schedules over(int capacity, Consumer<Log> scenario) {
    return Schedules.of(
            run -> {
              var log = new Log(run, capacity);
              scenario.accept(log);
              log.checkAfterwards();
            })
        .timeouts(Timeouts.SOON);
  }

  // write, write | write | close: kept or refused, and what is kept is written
  @Test
  void write_whileItIsClosed_isWrittenOrRefused() {
    over(
            2,
            log -> {
              log.logs("a", 2);
              log.logs("b", 1);
              log.thread("close", log.writer::close);
            })
        .explore();
  }

  // the same, where a caller waits for room
  @Test
  void write_fullWhileItIsClosed_isWrittenOrRefused() {
    over(
            1,
            log -> {
              log.logs("a", 2);
              log.logs("b", 2);
              log.thread("close", log.writer::close);
            })
        .explore();
  }

  /** Logs, and knows when the program has ended. */
  private static void logsToTheEnd(Log log, String name, int records, boolean[] ended) {
    log.thread(
        name,
        () -> {
          for (int i = 0; i < records; i++) {
            log.log(name + i);
            if (ended[0]) {
              assertThat(log.safe()).as("late, and has returned").contains(name + i);
            }
          }
        });
  }

  private static void endsProgram(Log log, boolean[] ended) {
    log.thread(
        "end",
        () -> {
          log.seam.endProgram(Long.MAX_VALUE);
          assertThat(log.safe()).as("returned before the end").containsAll(log.kept);
          ended[0] = true;
        });
  }

  // write, write | the end of the program: either the end waits for a record, or its caller does
  @Test
  void write_whileTheProgramEnds_isFlushedBeforeOneOrTheOtherReturns() {
    over(
            2,
            log -> {
              boolean[] ended = {false};
              logsToTheEnd(log, "a", 2, ended);
              logsToTheEnd(log, "b", 1, ended);
              endsProgram(log, ended);
            })
        .explore();
  }

  // the same, where a caller waits for room when the end comes
  @Test
  void write_fullWhileTheProgramEnds_isFlushedBeforeOneOrTheOtherReturns() {
    over(
            1,
            log -> {
              boolean[] ended = {false};
              logsToTheEnd(log, "a", 3, ended);
              endsProgram(log, ended);
            })
        .explore();
  }

  // the end of the program | close | write
  @Test
  void programEnds_whileItIsClosed_bothReturnAndAllIsWritten() {
    over(
            2,
            log -> {
              log.logs("a", 2);
              log.thread("end", () -> log.seam.endProgram(Long.MAX_VALUE));
              log.thread("close", log.writer::close);
            })
        .explore();
  }

  // close | close | write: both find the sink closed
  @Test
  void close_twiceAtOnce_bothReturnAfterTheSinkWasClosed() {
    over(
            2,
            log -> {
              log.logs("a", 2);
              for (String name : List.of("one", "two")) {
                log.thread(
                    name,
                    () -> {
                      log.writer.close();
                      assertThat(log.closed).isEqualTo(1);
                    });
              }
            })
        .explore();
  }

  // write, awaitWritten | write | close
  @Test
  void awaitWritten_whileItIsClosed_saysYesWhenItIsFlushed() {
    over(
            2,
            log -> {
              log.thread(
                  "a",
                  () -> {
                    log.log("a0");
                    assertThat(log.writer.awaitWritten(LONG)).isTrue();
                    assertThat(log.safe())
                        .containsAll(log.kept.stream().filter("a0"::equals).toList());
                  });
              log.logs("b", 1);
              log.thread("close", log.writer::close);
            })
        .explore();
  }

  // the sink fails for a while, and its flushes, too | close
  @Test
  void sinkFails_whileItIsClosed_isTriedAgainAndAllIsWritten() {
    over(
            2,
            log -> {
              log.failingWrites = 2;
              log.failingFlushes = 1;
              log.logs("a", 2);
              log.logs("b", 1);
              log.thread("close", log.writer::close);
            })
        .timeouts(Timeouts.WHEN_IDLE)
        .explore();
  }

  // the sink fails for good | close: nobody hangs, all is counted
  @Test
  void sinkFailsForGood_whileItIsClosed_allIsCounted() {
    Schedules.of(
            run -> {
              var log = new Log(run, 1, Duration.ofMillis(20));
              log.failingWrites = Integer.MAX_VALUE;
              log.logs("a", 2);
              log.thread("close", log.writer::close);
              run.afterwards(() -> {
                assertThat(log.lines).isEmpty();
                assertThat(log.closed).isEqualTo(1);
                assertThat(log.writer.statistics().pending()).isZero();
                assertThat(log.writer.statistics().lost()).isEqualTo(2);
              });
            })
        .timeouts(Timeouts.WHEN_IDLE)
        .random(300)
        .systematic(2, 300)
        .explore();
  }

  // write, waits for room <- interrupt | write
  @Test
  void write_interruptedWhileItWaitsForRoom_isWrittenAndKeepsTheStatus() {
    over(
            1,
            log -> {
              Participant caller =
                  log.thread(
                      "a",
                      () -> {
                        for (int i = 0; i < 3; i++) {
                          log.log("a" + i);
                        }
                        while (!Thread.interrupted()) { // whenever it came, it is kept
                          log.run.park(Surroundings.current(), "an interrupt");
                        }
                      });
              log.logs("b", 2);
              log.thread("interrupts", caller::interrupt);
            })
        .explore();
  }

  // close <- interrupt: it waits for the sink all the same
  @Test
  void close_interrupted_returnsAfterTheSinkWasClosed() {
    over(
            2,
            log -> {
              log.logs("a", 2);
              Participant closer =
                  log.thread(
                      "close",
                      () -> {
                        log.writer.close();
                        assertThat(log.closed).isEqualTo(1);
                      });
              log.thread("interrupts", closer::interrupt);
            })
        .explore();
  }

  private static void letItSleep(Log log) {
    log.run.parkNanos(Surroundings.current(), "a while", 60_000_000);
  }

  // write, await, sleep, write, await, sleep, close | the writer: it is woken each time
  @Test
  void writeAndClose_whileTheWriterSleeps_wakeIt() {
    over(
            4,
            log -> {
              log.thread(
                  "a",
                  () -> {
                    log.log("a0");
                    assertThat(log.writer.awaitWritten(LONG)).isTrue();
                    log.log("a1");
                    letItSleep(log);
                    log.log("a2");
                    assertThat(log.writer.awaitWritten(Duration.ofMillis(200))).isTrue();
                    letItSleep(log);
                    log.writer.close();
                    assertThat(log.closed).isEqualTo(1);
                  });
            })
        .timeouts(Timeouts.WHEN_IDLE)
        .explore();
  }
}
