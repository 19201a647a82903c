package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.time.Duration;
import org.morethreads.logging.LogSink;
import org.morethreads.logging.LogWriter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The log writer hands over all records, once, in order, and with what is in them (G1).
 *
 * <p>One writer serves all states of a test, since each has a thread: a record knows the state that
 * it belongs to.
 */
public final class LogWriterStressTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private LogWriterStressTest() {}

  /** Two callers, three records each; the sink counts in plain fields. */
  @JCStressTest
  @Outcome(id = "321, 321, 1", expect = ACCEPTABLE, desc = "Each record once, in its order.")
  @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, out of order, or not confirmed.")
  @State
  public static class EachOnceInOrder {
    private record Numbered(EachOnceInOrder state, boolean first, int number) {}

    private static final LogWriter<Numbered> WRITER =
        LogWriter.<Numbered>named("numbered").capacity(4).start(EachOnceInOrder::take);

    /** The digits of the numbers that came, the first one on the right. */
    private int firsts;

    private int seconds;
    private int firstPlace = 1;
    private int secondPlace = 1;

    private static void take(Numbered record) {
      EachOnceInOrder state = record.state();
      if (record.first()) {
        state.firsts += record.number() * state.firstPlace;
        state.firstPlace *= 10;
      } else {
        state.seconds += record.number() * state.secondPlace;
        state.secondPlace *= 10;
      }
    }

    private void log(boolean first) {
      for (int number = 1; number <= 3; number++) {
        WRITER.write(new Numbered(this, first, number));
      }
    }

    @Actor
    public void first() {
      log(true);
    }

    @Actor
    public void second() {
      log(false);
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r3 = WRITER.awaitWritten(LONG) ? 1 : 0;
      result.r1 = firsts;
      result.r2 = seconds;
    }
  }

  /** What is in a record was written before the call, into plain fields. */
  @JCStressTest
  @Outcome(id = "4711, 1", expect = ACCEPTABLE, desc = "Seen by the sink, and then by who waits.")
  @Outcome(expect = FORBIDDEN, desc = "Half a record, or not confirmed.")
  @State
  public static class Content {
    private static final class Message {
      Content state;
      int text;
    }

    private static final LogWriter<Message> WRITER =
        LogWriter.start("content", (LogSink<Message>) message -> message.state.seen = message.text);

    private int seen;

    @Actor
    public void caller() {
      var message = new Message();
      message.state = this;
      message.text = 4711;
      WRITER.write(message);
    }

    @Actor
    public void other() {
      WRITER.awaitWritten(Duration.ZERO); // gets in between
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r2 = WRITER.awaitWritten(LONG) ? 1 : 0;
      result.r1 = seen;
    }
  }
}
