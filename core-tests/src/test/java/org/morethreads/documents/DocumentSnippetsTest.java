package org.morethreads.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** Runs the code that the documents show. */
class DocumentSnippetsTest {
  private ThreadTree tree;

  @BeforeEach
  void openTree() {
    tree = ThreadTree.open("documents", StopPolicy.standard());
  }

  @AfterEach
  void closeTree() {
    tree.close();
    assertThat(tree.failures()).isEmpty();
    assertThat(tree.abandonedCount()).isZero();
  }

  @Test
  void primitives() throws Exception {
    assertThat(PrimitiveSnippets.semaphore()).isEqualTo(2);
    assertThat(PrimitiveSnippets.monitor()).isEqualTo(2);
    assertThat(PrimitiveSnippets.lock(new ArrayList<>())).isEqualTo(1);
    assertThat(PrimitiveSnippets.progress()).isEqualTo(10);
    assertThat(PrimitiveSnippets.signal()).isTrue();
    assertThat(PrimitiveSnippets.privateIterator()).isEqualTo("Ann");
    assertThat(PrimitiveSnippets.privateSignal()).isTrue();
    assertThat(PrimitiveSnippets.sharedIterator()).isEqualTo(2);
  }

  @Test
  void event() throws Exception {
    var gate = new PrimitiveSnippets.Gate();
    assertThat(gate.awaitOpen(Till.after(Duration.ofMillis(5)))).isFalse();
    var passes = ManagedThread.call("passer", pleaseStop -> gate.awaitOpen(pleaseStop));
    gate.set(true);
    assertThat(passes.join(Duration.ofSeconds(10))).isTrue();
    gate.set(false);
    assertThat(gate.awaitOpen(Signal.DONE)).isFalse();
  }

  @Test
  void fromTheJdk() throws Exception {
    var snippets = new FromTheJdkSnippets();
    assertThat(snippets.oneTask()).isEqualTo("page /index");
    snippets.forget();
    assertThat(snippets.workers(List.of("/a", "/b"))).isEqualTo(4);
    assertThat(snippets.pool(List.of("/a", "/b"))).containsExactly("page /a", "page /b");
    snippets.ownTree();
    assertThat(snippets.latch()).isTrue();
    assertThat(snippets.countDown(List.of("/a", "/b", "/c"))).isEqualTo(3);
    assertThat(snippets.startHandshake()).isTrue();
    snippets.everySoOften();
    snippets.fixedRate();
    snippets.repeat().stop();
    snippets.later();
    assertThat(snippets.both()).containsExactly("page /a", "page /b");
    assertThat(snippets.first()).isIn("page /a", "page /b");
    assertThat(snippets.futures(CompletableFuture.completedFuture("42"))).isTrue();
    assertThat(snippets.outcome()).isEqualTo("page /a");
    snippets.failure();
    snippets.parentWaits(tree);
    snippets.scopeWaits();
    snippets.add("order 1");
    assertThat(snippets.next()).isEqualTo("order 1");
    assertThat(snippets.pill()).isZero();
    CloseableQueue<String> closed = CloseableQueue.unbounded("lines");
    closed.close();
    assertThat(snippets.late(closed)).contains("lines");
    snippets.onStop();
    try (var mailer = new FromTheJdkSnippets.Mailer()) {
      mailer.sendLater("hello");
    }
  }

  @Test
  void design() throws Exception {
    var snippets = new DesignSnippets();
    var pages = List.of(URI.create("/a"), URI.create("/b"));
    snippets.workLoop(pages);
    assertThat(snippets.fetched).isEqualTo(pages);
    var beat = snippets.interval();
    beat.stop();
    beat.join();
    assertThat(snippets.race()).isIn(100, 101);
    var rows = List.of(new DesignSnippets.Row("one"), new DesignSnippets.Row("two"));
    snippets.etl(rows.iterator());
    assertThat(snippets.db.written).isEqualTo(rows);
  }

  @Test
  void fromMoThreads() throws Exception {
    var snippets = new FromMoThreadsSnippets();
    snippets.useWorker();
    var cancelled = Signal.create("cancelled");
    var a = ManagedThread.run("a", pleaseStop -> {});
    var b = ManagedThread.run("b", pleaseStop -> {});
    snippets.compose(cancelled, a, b);
    cancelled.go();
    snippets.consume(Signal.DONE, Lock.create("work"));
    assertThat(snippets.report("Ann").orders()).containsExactly("order of Ann");
    snippets.indexInBackground();
  }
}
