package org.morethreads.stress.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The steps of a schedule: who stood where, and who went on. */
final class Trace {
  private final List<String> names = new ArrayList<>();
  private String[] places = new String[64];
  private int[] steps = new int[64];
  private int size;

  void named(String name) {
    names.add(name);
  }

  void add(int from, String where, int next, boolean timedOut) {
    if (size == steps.length) {
      places = Arrays.copyOf(places, 2 * size);
      steps = Arrays.copyOf(steps, 2 * size);
    }
    places[size] = where;
    steps[size] = (from + 1) << 16 | next << 1 | (timedOut ? 1 : 0);
    size++;
  }

  int size() {
    return size;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    int first = Math.max(0, size - 400);
    if (first > 0) {
      text.append("  … ").append(first).append(" steps before\n");
    }
    for (int i = first; i < size; i++) {
      int from = (steps[i] >>> 16) - 1;
      int next = (steps[i] & 0xffff) >>> 1;
      text.append(String.format("%5d  ", i));
      if (from >= 0) {
        text.append(names.get(from)).append(": ").append(places[i]);
      } else {
        text.append(places[i]);
      }
      if (from != next) {
        text.append("  -> ").append(names.get(next));
      }
      text.append((steps[i] & 1) != 0 ? " (its time is over)\n" : "\n");
    }
    return text.toString();
  }
}
