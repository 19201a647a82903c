package org.morethreads.examples.procrun;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;

/** All that is wrong with the files, so that it can be said at once. */
final class Problems {
  /** A line of a file. */
  record Place(Path file, int line) {
    @Override
    public String toString() {
      return file + ":" + line;
    }
  }

  private record Problem(Place place, String text) {
    @Override
    public String toString() {
      return place + ": " + text;
    }
  }

  private final TreeSet<Problem> all =
      new TreeSet<>(
          Comparator.comparing((Problem it) -> it.place().file())
              .thenComparingInt(it -> it.place().line())
              .thenComparing(Problem::text));

  /** Adds one: what is wrong, why that matters, and what to do about it. */
  void add(Place place, String text) {
    all.add(new Problem(place, text));
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** A line each, by file and line. */
  List<String> lines() {
    return all.stream().map(Problem::toString).toList();
  }

  /**
   * A hint for who has mistyped a word: the one of the known words that is nearest to it, or all.
   */
  static String didYouMean(String word, Collection<String> known) {
    Optional<String> nearest =
        known.stream()
            .filter(it -> distance(word, it) <= Math.min(3, (it.length() + 1) / 2))
            .min(Comparator.comparingInt(it -> distance(word, it)));
    if (nearest.isPresent()) {
      return " Did you mean \"" + nearest.get() + "\"?";
    }
    return known.isEmpty() ? "" : " Known are: " + String.join(", ", known) + ".";
  }

  /** How many letters have to be put in, taken out or replaced to make one word the other. */
  private static int distance(String one, String other) {
    String a = one.toLowerCase(Locale.ROOT);
    String b = other.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      int diagonal = i - 1;
      for (int j = 0; j <= b.length(); j++) {
        int above = row[j];
        if (i == 0 || j == 0) {
          row[j] = i + j;
        } else {
          int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
          row[j] = Math.min(replaced, 1 + Math.min(above, row[j - 1]));
        }
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
