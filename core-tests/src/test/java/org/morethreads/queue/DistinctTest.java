package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.Distinct.Found;

/** How much room the table of a unique queue takes (Q5). */
class DistinctTest {
  private final Distinct distinct = new Distinct();

  @Test
  void add_many_makesRoomForThemAndFindsEach() throws Exception {
    List<Distinct.Key> keys = addAll(1000);
    assertThat(room()).isBetween(1000, 4000);
    for (int i = 0; i < 1000; i++) {
      assertThat(distinct.look(keys.get(i))).isEqualTo(Found.INSIDE);
    }
    for (Distinct.Key key : keys) {
      distinct.remove(key);
      assertThat(distinct.look(key)).isEqualTo(Found.NEW);
    }
  }

  @Test
  void addAndRemove_againAndAgain_needsNoMoreRoom() throws Exception {
    int before = room();
    for (int i = 0; i < 1000; i++) {
      addAll(2).forEach(distinct::remove);
    }
    assertThat(room()).isEqualTo(before);
  }

  private List<Distinct.Key> addAll(int count) {
    List<Distinct.Key> keys = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Distinct.Key key = new Distinct.Key("element " + i, 0, 0);
      distinct.reserve(1);
      distinct.add(key);
      keys.add(key);
    }
    return keys;
  }

  private int room() throws ReflectiveOperationException {
    Field table = Distinct.class.getDeclaredField("table");
    table.setAccessible(true);
    return Array.getLength(table.get(distinct));
  }
}
