package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;

class TreeSmokeTest {
  @Test
  void basics() throws Exception {
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    try (var tree = ThreadTree.open("t")) {
      var answer = ManagedThread.call("a", stop -> 42);
      assertThat(answer.join()).isEqualTo(42);
      var fail =
          ManagedThread.run(
              "f",
              stop -> {
                throw new java.io.IOException("x");
              });
      assertThatThrownBy(fail::join)
          .isInstanceOf(ThreadFailedException.class)
          .hasCauseInstanceOf(java.io.IOException.class);
      try {
        fail.join();
      } catch (ThreadFailedException e) {
      }
      var started = Signal.create("started");
      var parent =
          ManagedThread.run(
              "parent",
              stop -> {
                ManagedThread.run(
                    "c1",
                    s -> {
                      s.await();
                      log.add("c1");
                    });
                ManagedThread.run(
                    "c1",
                    s -> {
                      s.await();
                      log.add("c1b");
                    });
                started.go();
                stop.await();
              });
      started.await();
      assertThat(tree.dump()).contains("c1#2: running");
      parent.stop();
      parent.join();
      assertThat(log).contains("c1", "c1b");
      var db =
          ManagedThread.run(
              "db",
              s -> {
                s.await();
                log.add("db");
              });
      var web =
          ManagedThread.named("web")
              .needs(db)
              .run(s -> {
                s.await();
                log.add("web");
              });
      tree.stop();
      tree.awaitStopped(Duration.ofSeconds(5));
      assertThat(log.subList(2, 4)).containsExactly("web", "db");
      assertThat(ManagedThread.currentOrNull()).isNull();
    }
  }

  @Test
  void deaf() throws Exception {
    var policy =
        StopPolicy.standard()
            .withAsk(Duration.ofMillis(1500))
            .withInterrupt(Duration.ofMillis(200));
    var never = Signal.create("never");
    try (var tree = ThreadTree.open("t", policy)) {
      tree.run("deaf", stop -> never.await());
      tree.run(
          "stone",
          stop -> {
            while (true) {
              try {
                never.await();
              } catch (InterruptedException e) {
                if (never.isSignalled()) return;
              }
            }
          });
    }
    never.go();
  }
}
