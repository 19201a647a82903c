package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** The ring against a list that does the same the simple way. */
class RingTest {
  private final Ring<Integer> ring = new Ring<>();
  private final List<Integer> model = new ArrayList<>();

  @RepeatedTest(20)
  void everyOperation_atRandom_doesWhatAListDoes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int next = 1000; // beyond the cache of boxed numbers: elements are told apart by identity
    for (int step = 0; step < 2000; step++) {
      boolean growing = (step / 500) % 2 == 0;
      int choice = random.nextInt(growing ? 12 : 24);
      Integer element = next++;
      if (choice < 8) {
        ring.addLast(element);
        model.addLast(element);
      } else if (choice < 10) {
        Object[] several = new Object[random.nextInt(100)];
        for (int i = 0; i < several.length; i++) {
          several[i] = next;
          model.addLast((Integer) several[i]);
          next++;
        }
        ring.addAllLast(several);
      } else if (choice < 18) {
        if (!model.isEmpty()) {
          assertThat(ring.removeFirst()).isSameAs(model.removeFirst());
        }
      } else if (choice < 19) {
        int most = random.nextInt(40);
        Object[] removed = ring.removeFirst(most);
        assertThat(removed).isEqualTo(removeFromModel(most).toArray());
        int back = removed.length == 0 ? 0 : random.nextInt(removed.length);
        ring.addAllFirst(removed, back);
        List<Object> again = Arrays.asList(removed).subList(back, removed.length);
        again.reversed().forEach(each -> model.addFirst((Integer) each));
      } else if (choice < 20) {
        int most = random.nextInt(40);
        assertThat(ring.removeFirstAsList(most)).isEqualTo(removeFromModel(most));
      } else if (choice < 22) {
        int place = random.nextInt(-1, model.size() + 1);
        boolean there = place >= 0 && place < model.size();
        Object wanted = there && random.nextBoolean() ? model.get(place) : element;
        boolean hit = there && model.get(place) == wanted;
        assertThat(ring.removeAt(place, wanted)).isEqualTo(hit);
        if (hit) {
          model.remove(place);
        }
      } else if (choice < 23) {
        Object wanted = model.isEmpty() ? element : model.get(random.nextInt(model.size()));
        assertThat(ring.removeIdentical(wanted)).isEqualTo(model.remove(wanted));
      } else if (random.nextInt(20) == 0) {
        ring.clear();
        model.clear();
      }
      assertThat(ring.size).as("seed %s", seed).isEqualTo(model.size());
      assertThat(ring.first()).isSameAs(model.isEmpty() ? null : model.getFirst());
      if (step % 16 == 0) {
        assertThat(ring.snapshot()).as("seed %s", seed).isEqualTo(model.toArray());
      }
    }
  }

  private List<Integer> removeFromModel(int most) {
    List<Integer> head = model.subList(0, Math.min(most, model.size()));
    List<Integer> removed = List.copyOf(head);
    head.clear();
    return removed;
  }

  @Test
  void addFirst_moreThanFit_growsAndKeepsOrder() {
    for (int i = 0; i < 40; i++) {
      ring.addFirst(i);
      model.addFirst(i);
    }
    assertThat(ring.snapshot()).isEqualTo(model.toArray());
    assertThat(ring.size).isEqualTo(40);
  }

  /** Q2: what a consumer gives back may be more than fits. */
  @Test
  void addAllFirst_moreThanFit_growsAndKeepsOrder() {
    for (int i = 0; i < ring.length(); i++) {
      ring.addLast(100 + i);
    }
    Object[] before = ring.snapshot();
    Object[] back = {-1, 0, 1, 2, 3, 4, 5};
    ring.addAllFirst(back, 1);
    assertThat(ring.snapshot()).startsWith(0, 1, 2, 3, 4, 5).endsWith(before).hasSize(22);
  }

  /** Behind the last of a full ring is the place of the first. */
  @Test
  void removeAt_fullAndBehindTheLast_removesNothing() {
    for (int i = 0; i < ring.length(); i++) {
      ring.addLast(i);
    }
    assertThat(ring.removeAt(ring.size, ring.get(0))).isFalse();
    assertThat(ring.size).isEqualTo(ring.length());
  }

  @Test
  void removeFirst_afterManyElements_shrinksAndKeepsOrder() {
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      ring.addLast(i);
    }
    for (int i = 0; i < count; i++) {
      assertThat(ring.removeFirst().intValue()).isEqualTo(i);
    }
    assertThat(ring.length()).isBetween(16, 4096);
    for (int i = 0; i < count; i++) {
      ring.addLast(i);
    }
    assertThat(ring.removeFirst(count)).hasSize(count);
    assertThat(ring.length()).isBetween(16, 4096);
  }
}
