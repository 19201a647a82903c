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
      int repeats = 0;
      while (i + 1 < size && steps[i + 1] == steps[i] && places[i + 1].equals(places[i])) {
        i++;
        repeats++;
      }
      int from = (steps[i] >>> 16) - 1;
      int next = (steps[i] & 0xffff) >>> 1;
      text.append(String.format("%5d  ", i));
      text.append(from < 0 ? "" : names.get(from) + ": ").append(places[i]);
      text.append(from == next ? "" : "  -> " + names.get(next));
      text.append((steps[i] & 1) != 0 ? " (its time is over)" : "");
      text.append(repeats == 0 ? "\n" : " (and " + repeats + " times before)\n");
    }
    return text.toString();
  }
}
