package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Till;

/**
 * A thread that is not managed belongs to the main tree, if that is open (T4). A tree of the test
 * stands in for it here; the real one is used in JVMs of their own.
 */
@Timeout(20)
class UnmanagedThreadTest {
  private static final Surroundings UNMANAGED = Surroundings.unmanaged();

  @RegisterExtension final Grove grove = new Grove();

  private ThreadTree before;

  @BeforeEach
  void noMainTree() {
    before =
        UNMANAGED.hurrySignal() instanceof StopSignal its ? ((Node) its.detached()).tree : null;
    ThreadTree.Trees.mainIsOpen(null);
  }

  @AfterEach
  void asBefore() {
    ThreadTree.Trees.mainIsOpen(before);
  }

  @Test
  void unmanaged_noMainTree_isNeverHurried() {
    assertThat(UNMANAGED.isHurried()).isFalse();
    assertThat(UNMANAGED.hurrySignal()).isNull();
    long nanos = System.nanoTime();
    assertThat(UNMANAGED.hurriedAtNanos()).isBetween(nanos, System.nanoTime());
    Instant now = Instant.now();
    assertThat(UNMANAGED.hurriedAt()).isBetween(now, Instant.now());
    assertThat(UNMANAGED.describe()).isEqualTo("unmanaged thread");
    assertThat(UNMANAGED.isOf(Thread.currentThread())).isFalse();
    var asked = new AtomicInteger();
    Surroundings.Leftovers nothing =
        () -> {
          asked.incrementAndGet();
          return null;
        };
    UNMANAGED.keep(nothing);
    UNMANAGED.forget(nothing);
    assertThat(asked).hasValue(0);
  }

  /** T4: its tills are those of the main tree. */
  @Test
  void unmanaged_mainTreeIsStopped_isHurriedSinceThen() {
    try (var tree = grove.open("t")) {
      ThreadTree.Trees.mainIsOpen(tree);
      assertThat(UNMANAGED.hurrySignal()).isSameAs(tree.pleaseStop());
      assertThat(UNMANAGED.isHurried()).isFalse();
      Till till = Till.after(Duration.ofHours(1));
      assertThat(till.isSignalled()).isFalse();

      tree.tell(ManagedThread.requested("enough"));

      assertThat(UNMANAGED.isHurried()).isTrue();
      assertThat(UNMANAGED.hurriedAt()).isEqualTo(tree.root.told().at());
      assertThat(UNMANAGED.hurriedAtNanos()).isEqualTo(tree.root.told().atNanos());
      assertThat(till.isSignalled()).isTrue();
      assertThat(till.isHurried()).isTrue();
      assertThat(Till.after(Duration.ofHours(1)).isHurried()).isTrue();
    }
  }

  @Test
  void report_byAThreadOfNoTree_isLogged() {
    var failure = new IllegalStateException("planted");
    UNMANAGED.report("It failed.", failure);
    assertThat(grove.log(System.Logger.Level.ERROR)).containsExactly("It failed.");
  }

  /** What it leaves in a queue is reported at the end of the main tree (Q4). */
  @Test
  void keep_mainTreeIsOpen_isAskedAtItsEndUnlessForgotten() {
    try (var tree = grove.open("t")) {
      ThreadTree.Trees.mainIsOpen(tree);
      UNMANAGED.keep(() -> "what was kept");
      Surroundings.Leftovers forgotten = () -> "what was forgotten";
      UNMANAGED.keep(forgotten);
      UNMANAGED.forget(forgotten);
    }
    Grove.eventually(() -> !grove.log(System.Logger.Level.WARNING).isEmpty());
    assertThat(grove.log(System.Logger.Level.WARNING))
        .containsExactly("Left over at the end of tree \"t\": what was kept");
  }
}
