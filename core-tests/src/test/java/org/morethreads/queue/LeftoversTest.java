package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/** What nobody takes is kept by the tree until somebody does (Q4). */
class LeftoversTest {
  private final Tree tree = new Tree();
  private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("todo");

  /** The surroundings of a thread in a tree. */
  private static final class Tree extends Surroundings {
    final Set<Leftovers> kept = new LinkedHashSet<>();
    int calls;

    List<String> leftovers() {
      return kept.stream().map(Leftovers::leftovers).filter(Objects::nonNull).toList();
    }

    @Override
    public void keep(Leftovers leftovers) {
      calls++;
      kept.add(leftovers);
    }

    @Override
    public void forget(Leftovers leftovers) {
      calls++;
      kept.remove(leftovers);
    }

    @Override
    public Time time() {
      return Time.real();
    }

    @Override
    public boolean isOf(Thread thread) {
      return false;
    }

    @Override
    public boolean isHurried() {
      return false;
    }

    @Override
    public long hurriedAtNanos() {
      return 0;
    }

    @Override
    public Instant hurriedAt() {
      return Instant.MAX;
    }

    @Override
    public @Nullable OneShot hurrySignal() {
      return null;
    }

    @Override
    public String describe() {
      return "main/worker";
    }
  }

  @BeforeEach
  void enterTree() {
    Surroundings.remember(tree);
  }

  @AfterEach
  void leaveTree() {
    Surroundings.remember(null);
  }

  @Test
  void close_elementsInside_areReportedUntilTaken() throws Exception {
    queue.putAll(List.of(1, 2));
    assertThat(tree.kept).isEmpty();
    queue.close();
    assertThat(tree.leftovers())
        .containsExactly(
            "queue \"todo\" still holds 2 elements that nobody has taken;"
                + " it was closed by thread \"main/worker\"");
    queue.take();
    assertThat(tree.leftovers()).singleElement().asString().contains("1 element that");
    queue.take();
    assertThat(tree.kept).isEmpty();
  }

  @Test
  void close_empty_reportsNothing() {
    queue.close();
    assertThat(tree.calls).isZero();
  }

  @Test
  void closeWithFailure_isReportedUntilSeen() {
    queue.close(new IllegalStateException("planted"));
    assertThat(tree.leftovers()).singleElement().asString().contains("nobody who takes has seen");
    assertThatThrownBy(queue::poll).isInstanceOf(QueueClosedException.class);
    assertThat(tree.kept).isEmpty();
  }

  /** The end of a tree may ask for what somebody has taken meanwhile. */
  @Test
  void leftovers_askedForAfterAllWasTaken_areNone() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.close();
    Surroundings.Leftovers asked = tree.kept.iterator().next();
    assertThat(asked.toString()).contains("leftovers", "todo");
    assertThat(queue.drain()).hasSize(2);
    assertThat(asked.leftovers()).isNull();
  }

  @Test
  void leftovers_interruptedWhileTheHandlerIsBusy_saysSoAndKeepsTheStatus() throws Exception {
    CountDownLatch free = new CountDownLatch(1);
    CloseableQueue<Integer> handled =
        CloseableQueue.<Integer>named("handled")
            .onUndelivered(_ -> {
              try {
                free.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            })
            .create();
    handled.put(1);
    handled.close();
    Thread.currentThread().interrupt();
    assertThat(tree.leftovers()).singleElement().asString().contains("has not come to an end");
    assertThat(Thread.interrupted()).isTrue();
    free.countDown();
  }

  @Test
  void until_signalGoesWithElementsInside_areReportedUntilTaken() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    assertThat(queue.until(Signal.DONE)).isEmpty();
    assertThat(tree.leftovers())
        .containsExactly("queue \"todo\" still holds 3 elements that nobody has taken; it is open");
    assertThat(queue.drain()).hasSize(3);
    assertThat(tree.kept).isEmpty();
  }

  @Test
  void put_afterTheLoopWasLeft_isReportedUntilTaken() throws Exception {
    assertThat(queue.until(Signal.DONE)).isEmpty();
    assertThat(tree.kept).isEmpty();
    queue.put(1);
    assertThat(tree.leftovers()).hasSize(1);
    assertThat(queue.poll()).isEqualTo(1);
    assertThat(tree.kept).isEmpty();
    int calls = tree.calls;
    queue.put(2);
    assertThat(queue.poll()).isEqualTo(2);
    assertThat(tree.calls).as("somebody takes again").isEqualTo(calls);
  }

  @Test
  void selectUntil_signalGoneWithElementsInside_areReportedUntilTaken() throws Exception {
    queue.putAll(List.of(1, 2));
    int chosen =
        Select.<Integer>awaitFirst(Select.take(queue), Select.until(Signal.DONE, () -> -1));
    assertThat(chosen).isEqualTo(-1);
    assertThat(tree.leftovers()).singleElement().asString().contains("2 elements");
    assertThat(queue.drain()).hasSize(2);
    assertThat(tree.kept).isEmpty();
  }

  @Test
  void until_closedAndEmpty_reportsNothing() throws Exception {
    var stop = Signal.create("stop");
    queue.put(1);
    for (var _ : queue.until(stop)) {
      queue.close();
      stop.go();
    }
    assertThat(tree.kept).isEmpty();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void clearAndRemoveThroughTheView_claim() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.close();
    assertThat(queue.asBlockingQueue().remove(1)).isTrue();
    assertThat(tree.leftovers()).hasSize(1);
    queue.asBlockingQueue().clear();
    assertThat(tree.kept).isEmpty();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void removeOfTheLastThroughTheView_claims() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.close();
    assertThat(queue.asBlockingQueue().remove(2)).isTrue();
    assertThat(queue.asBlockingQueue().remove(1)).isTrue();
    assertThat(tree.kept).isEmpty();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void drain_targetRefuses_areReportedAgain() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    assertThat(queue.until(Signal.DONE)).isEmpty();
    assertThatThrownBy(() -> queue.drain(List.of())).isInstanceOf(RuntimeException.class);
    assertThat(tree.leftovers()).singleElement().asString().contains("3 elements");
    assertThat(queue.drain()).containsExactly(1, 2, 3);
    assertThat(tree.kept).isEmpty();
  }

  @Test
  void drain_targetRefusesInTheMiddle_theRestIsReported() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    List<Integer> target =
        new ArrayList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            if (element == 2) {
              throw new UnsupportedOperationException("enough");
            }
            return super.add(element);
          }
        };
    assertThatThrownBy(() -> queue.drain(target)).hasMessage("enough");
    assertThat(tree.leftovers())
        .containsExactly("queue \"todo\" still holds 2 elements that nobody has taken; it is open");
    assertThat(queue.drain()).containsExactly(2, 3);
    assertThat(tree.kept).isEmpty();
  }

  @Test
  void drain_targetTakesAll_reportsNothing() throws Exception {
    queue.putAll(List.of(1, 2));
    List<Integer> target = new LinkedList<>();
    assertThat(queue.drain(target)).isEqualTo(2);
    queue.putAll(List.of(3, 4));
    assertThat(queue.drain(new ArrayList<>())).isEqualTo(2);
    queue.close();
    assertThat(tree.calls).isZero();
  }

  /** As long as a drain has something in its hands the queue has not ended. */
  @Test
  void putForced_closedWhileADrainHasTheRest_isReportedUntilTaken() throws Exception {
    queue.put(1);
    queue.close();
    List<Integer> target =
        new LinkedList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            assertThat(tree.kept).isEmpty();
            queue.putForced(2);
            return super.add(element);
          }
        };
    assertThat(queue.drain(target)).isOne();
    assertThat(tree.leftovers()).singleElement().asString().contains("still holds 1 element");
    assertThat(queue.take()).isEqualTo(2);
    assertThat(tree.kept).isEmpty();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void close_emptyAfterPutForced_reportsNothing() throws Exception {
    queue.putForced(1);
    assertThat(queue.take()).isEqualTo(1);
    queue.close();
    assertThat(tree.calls).isZero();
  }

  @Test
  void putAll_nothingAfterTheLoopWasLeft_reportsNothing() throws Exception {
    assertThat(queue.until(Signal.DONE)).isEmpty();
    queue.putAll(List.of());
    assertThat(tree.calls).isZero();
    queue.put(1);
    assertThat(tree.leftovers()).hasSize(1);
    queue.drain();
  }

  @Test
  void until_severalLeaveInDifferentTrees_theFirstReports() throws Exception {
    queue.put(1);
    assertThat(queue.until(Signal.DONE)).isEmpty();
    Tree other = new Tree();
    Surroundings.remember(other);
    assertThat(queue.until(Signal.DONE)).isEmpty();
    queue.close();
    assertThat(tree.leftovers()).hasSize(1);
    assertThat(other.kept).isEmpty();
    queue.drain();
    assertThat(tree.kept).isEmpty();
  }
}
