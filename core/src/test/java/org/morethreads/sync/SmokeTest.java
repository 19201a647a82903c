package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Firing;

class SmokeTest {
  @Test
  void basics() throws Exception {
    var stop = Signal.create("stop");
    var own = Signal.create("own");
    List<String> log = new ArrayList<>();
    stop.or(own).then(() -> log.add("or"));
    stop.and(own).then(() -> log.add("and"));
    own.then(() -> log.add("own1"));
    own.then(() -> log.add("own2"));
    assertThat(Firing.countLinked(stop)).isEqualTo(2);
    own.go();
    assertThat(log).containsExactly("own1", "own2", "or");
    assertThat(Firing.countLinked(stop)).isEqualTo(1);
    stop.go();
    assertThat(log).containsExactly("own1", "own2", "or", "and");
    assertThat(Till.after(Duration.ofMillis(20)).await(Duration.ofMillis(1))).isFalse();
    assertThat(Till.after(Duration.ofMillis(2)).await(Duration.ofSeconds(5))).isTrue();
    var fired = Signal.create("f");
    Till.after(Duration.ofMillis(5)).or(Signal.create("x")).then(fired::go);
    assertThat(fired.await(Duration.ofSeconds(5))).isTrue();
  }

  @Test
  void chain() throws Exception {
    var leaf = Signal.create("leaf");
    Signal chain = leaf;
    for (int i = 0; i < 1_000_000; i++) {
      chain = chain.or(Signal.create("s"));
    }
    var hit = Signal.create("hit");
    chain.then(hit::go);
    assertThat(chain.isSignalled()).isFalse();
    leaf.go();
    assertThat(chain.isSignalled()).isTrue();
    assertThat(hit.isSignalled()).isTrue();
    assertThat(chain.toString()).hasSizeLessThanOrEqualTo(100);
  }

  @Test
  void lock() throws Exception {
    var lock = Lock.create("l");
    int[] n = {0};
    var t =
        Thread.ofVirtual()
            .start(() -> {
              try (var held = lock.acquire()) {
                while (n[0] == 0) {
                  held.await();
                }
                n[0] = 2;
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    lock.run(() -> n[0] = 1);
    try (var held = lock.acquire()) {
      while (n[0] != 2) {
        held.await(Duration.ofSeconds(1));
      }
    }
    t.join();
  }
}
