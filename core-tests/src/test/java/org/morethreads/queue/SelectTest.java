package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.testing.SignalProbe;
import org.morethreads.testing.TestThreads;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The first of several, and nothing else (Q7), on both kinds of threads. */
@ManagedThreads(timeout = "50 s")
@ParameterizedClass
@EnumSource
class SelectTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final String NUMBER_OR_WORD =
      "the first of an element of queue \"numbers\", an element of queue \"words\"";
  private static final String PLACE_OR_WORD =
      "the first of a place in queue \"numbers\", an element of queue \"words\"";

  private final Kind kind;
  private final CloseableQueue<Integer> numbers = CloseableQueue.bounded("numbers", 2);
  private final CloseablePriorityQueue<String> words = CloseablePriorityQueue.bounded("words", 1);

  SelectTest(Kind kind) {
    this.kind = kind;
  }

  @AfterEach
  void end(ThreadTree tree) {
    assertThat(Thread.interrupted()).as("interrupt left behind").isFalse();
    assertThat(tree).hasNoThreads();
    assertThat(numbers).hasNobodyWaiting();
    assertThat(words).hasNobodyWaiting();
  }

  private <T> ManagedThread<T> start(ManagedThread.Call<T> task) {
    var builder = ManagedThread.named("helper");
    return (kind.isVirtual() ? builder : builder.platform()).call(task);
  }

  /** Starts a thread, and waits until it waits for just that. */
  private <T> ManagedThread<T> startBlockedOn(String what, ManagedThread.Call<T> task) {
    ManagedThread<T> thread = start(task);
    TestThreads.awaitBlockedOn(thread, what);
    return thread;
  }

  private ManagedThread<String> startFirstOfTwo() {
    return startBlockedOn(NUMBER_OR_WORD, _ -> firstOfTwo());
  }

  private ManagedThread<Integer> startTaker() {
    return startBlockedOn("an element of queue \"numbers\"", _ -> numbers.take());
  }

  private String firstOfTwo() throws InterruptedException {
    return Select.awaitFirst(
        Select.take(numbers, number -> "number " + number),
        Select.take(words, word -> "word " + word));
  }

  // ---- each kind of clause

  @Test
  void take_ready_takesFromThatOne() throws Exception {
    numbers.put(1);
    assertThat(firstOfTwo()).isEqualTo("number 1");
    words.put("x");
    assertThat(firstOfTwo()).isEqualTo("word x");
    assertThat(
            Select.<Integer>awaitFirst(
                List.of(Select.take(numbers), Select.after(Duration.ZERO, () -> -1))))
        .isEqualTo(-1);
  }

  @Test
  void take_waiting_isWokenByEither() throws Exception {
    var one = startFirstOfTwo();
    numbers.put(1);
    assertThat(one.join()).isEqualTo("number 1");
    var two = startFirstOfTwo();
    words.put("x");
    assertThat(two.join()).isEqualTo("word x");
  }

  @Test
  void take_bothComeAtOnce_takesOneAndLeavesTheOther() throws Exception {
    for (int round = 0; round < 200; round++) {
      var selecting = startFirstOfTwo();
      var other = start(_ -> words.put("x", LONG));
      numbers.put(1);
      String got = selecting.join();
      assertThat(other.join()).isTrue();
      assertThat(numbers.poll() == null).isEqualTo(got.equals("number 1"));
      assertThat(words.poll() == null).isEqualTo(got.equals("word x"));
    }
  }

  @Test
  void take_plainTakerWaitsAsWell_getsWhatSelectDoesNot() throws Exception {
    for (int round = 0; round < 200; round++) {
      var selecting = startFirstOfTwo();
      var taker = startTaker();
      words.put("x");
      numbers.put(1);
      String got = selecting.join();
      if (got.equals("number 1")) {
        numbers.put(2);
        assertThat(taker.join()).isEqualTo(2);
        assertThat(words.poll()).isEqualTo("x");
      } else {
        assertThat(taker.join()).as("the chance was passed on").isEqualTo(1);
      }
    }
  }

  @Test
  void put_placeOrWait_putsOnce() throws Exception {
    assertThat(Select.<String>awaitFirst(Select.put(numbers, 1, () -> "put"))).isEqualTo("put");
    numbers.put(2);
    var putter =
        startBlockedOn(
            PLACE_OR_WORD,
            _ ->
                Select.<String>awaitFirst(
                    Select.put(numbers, 3, () -> "number"), Select.take(words, word -> word)));
    assertThat(numbers.take()).isEqualTo(1);
    assertThat(putter.join()).isEqualTo("number");
    assertThat(numbers.drain()).containsExactly(2, 3);
    words.put("low", 0, LONG);
    assertThat(
            Select.<String>awaitFirst(
                Select.put(words, "high", 9, () -> "put"),
                Select.after(Duration.ZERO, () -> "full")))
        .isEqualTo("full");
    assertThat(words.drain()).containsExactly("low");
    assertThat(Select.<String>awaitFirst(Select.put(words, "high", 9, () -> "put")))
        .isEqualTo("put");
  }

  @Test
  void put_duplicate_countsAsPut() throws Exception {
    CloseableQueue<Integer> unique =
        CloseableQueue.<Integer>named("unique").capacity(1).unique().create();
    var clause = Select.<Integer, String>put(unique, 1000, () -> "in");
    assertThat(Select.<String>awaitFirst(clause)).isEqualTo("in");
    assertThat(Select.<String>awaitFirst(clause)).as("used again").isEqualTo("in");
    assertThat(unique.drain()).containsExactly(1000);
    assertThat(Select.<String>awaitFirst(clause)).isEqualTo("in");
    assertThat(unique.drain()).containsExactly(1000);
  }

  /** Two that are equal and not the same have to be compared, outside of the mutex. */
  @Test
  void put_equalOfAnotherIdentity_countsAsPut() throws Exception {
    CloseableQueue<List<Integer>> unique =
        CloseableQueue.<List<Integer>>named("unique").unique().create();
    unique.put(List.of(1000));
    assertThat(Select.<String>awaitFirst(Select.put(unique, List.of(1000), () -> "inside")))
        .isEqualTo("inside");
    assertThat(Select.<String>awaitFirst(Select.put(unique, List.of(2000), () -> "in")))
        .isEqualTo("in");
    assertThat(unique.drain()).containsExactly(List.of(1000), List.of(2000));
  }

  @Test
  void when_signal_isTakenPartOf() throws Exception {
    OpenSignal stop = Signal.create("stop");
    var waiting =
        startBlockedOn(
            "the first of an element of queue \"numbers\", signal \"stop\", signal \"NEVER\"",
            _ ->
                Select.<String>awaitFirst(
                    Select.take(numbers, _ -> "number"),
                    Select.when(stop, () -> "stop"),
                    Select.when(Signal.NEVER, () -> "never")));
    stop.go();
    assertThat(waiting.join()).isEqualTo("stop");
    assertThat(SignalProbe.on(stop).waiters()).isZero();
    assertThat(
            Select.<String>awaitFirst(
                Select.take(numbers, _ -> "number"),
                Select.when(Till.after(Duration.ofMillis(1)), () -> "till")))
        .isEqualTo("till");
  }

  @Test
  void when_threadEnds_isASignal() throws Exception {
    OpenSignal go = Signal.create("go");
    ManagedThread<?> worker = ManagedThread.run("worker", stop -> go.await(stop));
    var waiting =
        startBlockedOn(
            "the first of an element of queue \"numbers\", signal \"" + worker.stopped() + "\"",
            _ ->
                Select.<String>awaitFirst(
                    Select.take(numbers, _ -> "number"),
                    Select.when(worker.stopped(), () -> "ended")));
    go.go();
    assertThat(waiting.join()).isEqualTo("ended");
    worker.join();
  }

  @Test
  void when_severalSignals_isWokenByEachOfThem() throws Exception {
    for (int which = 0; which < 3; which++) {
      List<OpenSignal> signals =
          List.of(Signal.create("one"), Signal.create("two"), Signal.create("three"));
      var waiting =
          startBlockedOn(
              "the first of signal \"one\", an element of queue \"numbers\", signal \"two\","
                  + " signal \"three\"",
              _ ->
                  Select.<Integer>awaitFirst(
                      Select.when(signals.get(0), () -> 0),
                      Select.take(numbers),
                      Select.when(signals.get(1), () -> 1),
                      Select.until(signals.get(2), () -> 2)));
      signals.get(which).go();
      assertThat(waiting.join()).isEqualTo(which);
      for (OpenSignal signal : signals) {
        assertThat(SignalProbe.on(signal).waiters()).isZero();
      }
    }
  }

  @Test
  void until_signalGone_comesBeforeAllAndTakesNothing() throws Exception {
    numbers.put(1);
    for (int i = 0; i < 50; i++) {
      assertThat(
              Select.<String>awaitFirst(
                  Select.take(numbers, _ -> "number"),
                  Select.when(Signal.DONE, () -> "when"),
                  Select.until(Signal.DONE, () -> "until")))
          .isEqualTo("until");
    }
    assertThat(numbers.drain()).containsExactly(1);
  }

  @Test
  @VirtualTime
  void after_time_happensIfNothingElseDoes(VirtualClock clock) throws Exception {
    assertThat(
            Select.<String>awaitFirst(
                Select.take(numbers, _ -> "number"),
                Select.after(Duration.ofDays(2), () -> "two"),
                Select.after(Duration.ofDays(1), () -> "one")))
        .isEqualTo("one");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofDays(1));
    numbers.put(1);
    assertThat(
            Select.<String>awaitFirst(
                Select.take(numbers, _ -> "number"),
                Select.after(Duration.ofSeconds(-1), () -> "time")))
        .isEqualTo("number");
    assertThat(numbers.statistics().blockedTaking()).isEqualTo(Duration.ofDays(1));
  }

  /** Where no queue takes part none has ended. */
  @Test
  @VirtualTime
  void after_noQueueTakesPart_happensAfterItsTime(VirtualClock clock) throws Exception {
    assertThat(
            Select.<String>awaitFirst(
                Select.when(Signal.create("never gone"), () -> "when"),
                Select.after(Duration.ofDays(1), () -> "time")))
        .isEqualTo("time");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  @VirtualTime
  void awaitFirst_hasWaited_countsInEachOfItsQueues(VirtualClock clock) throws Exception {
    CloseableQueue<Integer> full = CloseableQueue.bounded("full", 1);
    full.put(0);
    clock.sleep(Duration.ofDays(3));
    var waiting =
        start(_ ->
            Select.<String>awaitFirst(
                Select.take(numbers, _ -> "number"),
                Select.take(words, word -> word),
                Select.put(full, 1, () -> "put")));
    clock.sleep(Duration.ofHours(1));
    assertThat(numbers.statistics().waitingToTake()).isOne();
    assertThat(numbers.statistics().blockedTaking()).isEqualTo(Duration.ofHours(1));
    words.put("x");
    assertThat(waiting.join()).isEqualTo("x");
    assertThat(numbers.statistics().blockedTaking()).isEqualTo(Duration.ofHours(1));
    assertThat(words.statistics().blockedTaking()).isEqualTo(Duration.ofHours(1));
    assertThat(full.statistics().blockedPutting()).isEqualTo(Duration.ofHours(1));
  }

  // ---- closing

  /** The end comes before the time, also before one that has passed. */
  @Test
  void take_allQueuesEndedAndATime_isTheEnd() {
    numbers.close();
    words.close();
    var inOrder =
        List.<Select.Clause<String>>of(
            Select.after(Duration.ZERO, () -> "time"),
            Select.take(numbers, _ -> "number"),
            Select.take(words, word -> word));
    assertThatThrownBy(() -> Select.<String>awaitFirst(inOrder))
        .isInstanceOfSatisfying(
            QueueClosedException.class, e -> assertThat(e.queueName()).isEqualTo("numbers"));
    assertThatThrownBy(() -> Select.<String>awaitFirst(inOrder.reversed()))
        .isInstanceOfSatisfying(
            QueueClosedException.class, e -> assertThat(e.queueName()).isEqualTo("words"));
  }

  @Test
  void take_oneQueueEnds_theOthersGoOn() throws Exception {
    var waiting = startFirstOfTwo();
    numbers.close();
    words.put("x");
    assertThat(waiting.join()).isEqualTo("word x");
    words.put("y");
    assertThat(firstOfTwo()).isEqualTo("word y");
  }

  @Test
  void take_allQueuesEnd_isTheEnd() throws Exception {
    OpenSignal never = Signal.create("never gone");
    var plain = startFirstOfTwo();
    var atEnd =
        startBlockedOn(
            NUMBER_OR_WORD + ", signal \"never gone\", a time, the end of all queues",
            _ ->
                Select.<String>awaitFirst(
                    Select.take(numbers, _ -> "number"),
                    Select.take(words, _ -> "word"),
                    Select.when(never, () -> "never"),
                    Select.after(LONG, () -> "late"),
                    Select.atEnd(() -> "end")));
    numbers.close();
    words.close();
    assertThat(plain.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(QueueClosedException.class)
        .hasMessage(
            "Cannot take from any of queue \"numbers\" (0 of 2, closed), queue \"words\" (0 of 1,"
                + " closed): all have ended. Give the select an atEnd clause to see that without an"
                + " exception.");
    assertThat(atEnd.join()).isEqualTo("end");
  }

  @Test
  void take_closedWithElementsInside_takesThem() throws Exception {
    numbers.putAll(List.of(1, 2));
    numbers.close();
    words.close();
    assertThat(firstOfTwo()).isEqualTo("number 1");
    assertThat(numbers.drained()).isNotSignalled();
    assertThat(firstOfTwo()).isEqualTo("number 2");
    assertThat(numbers.drained()).isSignalled();
    assertThatThrownBy(this::firstOfTwo).isInstanceOf(QueueClosedException.class);
  }

  @Test
  void take_endsWithAFailure_throwsIt() throws Exception {
    var failure = new IOException("disk full");
    var waiting = startFirstOfTwo();
    numbers.close(failure);
    assertThat(waiting.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(QueueClosedException.class)
        .hasCause(failure);
  }

  @Test
  void put_closed_throwsAndPutsNothing() throws Exception {
    numbers.putAll(List.of(1, 2));
    var waiting =
        startBlockedOn(
            PLACE_OR_WORD + ", the end of all queues",
            _ ->
                Select.<String>awaitFirst(
                    Select.put(numbers, 3, () -> "put"),
                    Select.take(words, word -> word),
                    Select.atEnd(() -> "end")));
    words.close(); // not the end: there may be a place yet
    numbers.close();
    assertThat(waiting.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(QueueClosedException.class)
        .hasMessageContaining("Cannot put into queue \"numbers\"");
    assertThat(numbers.drain()).containsExactly(1, 2);
  }

  // ---- interrupts

  @Test
  void awaitFirst_interrupted_takesAndPutsNothing() throws Exception {
    numbers.put(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(this::firstOfTwo).isInstanceOf(InterruptedException.class);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() ->
            Select.<Integer>awaitFirst(Select.take(numbers), Select.after(Duration.ZERO, () -> 0)))
        .isInstanceOf(InterruptedException.class)
        .hasMessage(
            "Interrupted before waiting for the first of an element of queue \"numbers\", a time.");
    assertThat(numbers.drain()).containsExactly(1);
    words.put("x");
    var waiting =
        startBlockedOn(
            "the first of an element of queue \"numbers\", a place in queue \"words\", a time",
            _ ->
                Select.<String>awaitFirst(
                    Select.take(numbers, _ -> "number"),
                    Select.put(words, "y", () -> "put"),
                    Select.after(LONG, () -> "late")));
    waiting.thread().orElseThrow().interrupt();
    assertThat(waiting.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(InterruptedException.class)
        .hasMessageStartingWith("Interrupted while waiting for the first of an element of queue");
    assertThat(words.drain()).containsExactly("x");
  }

  @Test
  void awaitFirst_wokenAndInterrupted_theNextIsWoken() throws Exception {
    for (int round = 0; round < 200; round++) {
      var selecting =
          startBlockedOn(
              NUMBER_OR_WORD,
              _ -> {
                try {
                  return firstOfTwo();
                } catch (InterruptedException e) {
                  return "interrupted";
                }
              });
      var taker = startTaker();
      selecting.thread().orElseThrow().interrupt();
      numbers.put(1);
      if (!selecting.join().equals("interrupted")) {
        numbers.put(2);
      }
      assertThat(taker.join()).isPositive();
    }
  }

  // ---- fair

  @Test
  void awaitFirst_allReady_eachHasItsShare() throws Exception {
    int rounds = 1_000_000;
    CloseableQueue<Integer> one = CloseableQueue.unbounded("one");
    CloseableQueue<Integer> two = CloseablePriorityQueue.unbounded("two");
    one.put(0);
    two.put(0);
    CloseableQueue<Integer> out = CloseableQueue.unbounded("out");
    int[] counts = new int[5];
    List<Select.Clause<Integer>> clauses =
        List.of(
            Select.take(one, _ -> 0),
            Select.take(two, _ -> 1),
            Select.put(out, 0, () -> 2),
            Select.when(Signal.DONE, () -> 3),
            Select.when(Signal.DONE, () -> 4),
            Select.after(Duration.ZERO, () -> 5));
    for (int i = 0; i < rounds; i++) {
      int chosen = Select.<Integer>awaitFirst(clauses);
      counts[chosen]++;
      switch (chosen) {
        case 0 -> one.put(0);
        case 1 -> two.put(0);
        case 2 -> out.take();
        default -> {}
      }
    }
    int share = rounds / counts.length;
    for (int count : counts) {
      assertThat(count).isBetween(share * 95 / 100, share * 105 / 100);
    }
  }

  @Test
  void awaitFirst_someReady_eachOfThemHasItsShare() throws Exception {
    int rounds = 100_000;
    int[] counts = new int[4];
    List<Select.Clause<Integer>> clauses =
        List.of(
            Select.when(Signal.DONE, () -> 0),
            Select.take(numbers, _ -> 1), // never ready
            Select.when(Signal.NEVER, () -> 1),
            Select.when(Signal.DONE, () -> 2),
            Select.when(Signal.DONE, () -> 3));
    for (int i = 0; i < rounds; i++) {
      counts[Select.<Integer>awaitFirst(clauses)]++;
    }
    for (int index : new int[] {0, 2, 3}) {
      assertThat(counts[index]).isBetween(rounds / 3 * 95 / 100, rounds / 3 * 105 / 100);
    }
  }

  // ---- user code

  @Test
  void function_throws_hasGotItsElement() throws Exception {
    numbers.putAll(List.of(1, 2));
    AtomicInteger seen = new AtomicInteger();
    assertThatThrownBy(() ->
            Select.<String>awaitFirst(
                Select.take(
                    numbers,
                    number -> {
                      seen.set(number);
                      numbers.size(); // no lock is held
                      throw new IllegalStateException("broken");
                    })))
        .hasMessage("broken");
    assertThat(seen).hasValue(1);
    assertThat(numbers.drain()).containsExactly(2);
  }

  @Test
  void awaitFirst_misuse_throwsAndSaysWhatNext() {
    assertThatThrownBy(() -> Select.<String>awaitFirst(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give it a take, a put, a when or an after");
    assertThatThrownBy(() -> Select.take(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Select.take(numbers, null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Select.put(numbers, null, () -> 1))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Select.when(null, () -> 1)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Select.after(null, () -> 1)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Select.put(words, "x", 64, () -> 1))
        .isInstanceOf(IllegalArgumentException.class);
    List<Select.Clause<String>> withNull = new ArrayList<>();
    withNull.add(null);
    assertThatThrownBy(() -> Select.<String>awaitFirst(withNull))
        .isInstanceOf(NullPointerException.class);
  }
}
