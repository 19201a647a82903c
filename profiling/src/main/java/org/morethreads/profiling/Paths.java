package org.morethreads.profiling;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Paths in the tree, and the patterns under which threads of like names are merged (G3). */
final class Paths {
  /** The parent of all that is in no tree. */
  static final String UNMANAGED = "unmanaged";

  private static final Pattern ORDINAL = Pattern.compile("#\\d+$");

  /** A number that stands alone, or ends the name. */
  private static final Pattern NUMBER =
      Pattern.compile("(?<![\\p{L}\\d])\\d+(?![\\p{L}\\d])|\\d+$");

  private Paths() {}

  /** The pattern of a name: {@code worker-1} and {@code worker-2#3} are both {@code worker-*}. */
  static String patternOf(String name) {
    return NUMBER.matcher(ORDINAL.matcher(name).replaceFirst("")).replaceAll("*");
  }

  /** The pattern of a path: that of each name in it. */
  static String patternOf(String path, UnaryOperator<String> pattern) {
    List<String> names = new ArrayList<>();
    for (String name : path.split("/", -1)) {
      names.add(pattern.apply(name));
    }
    return String.join("/", names);
  }

  /** Whether a path is another one, or below it; everything is below the empty one. */
  static boolean isAtOrBelow(String path, String above) {
    return above.isEmpty()
        || (path.startsWith(above)
            && (path.length() == above.length() || path.charAt(above.length()) == '/'));
  }

  /** A path and all above it. */
  static List<String> withAncestors(String path) {
    List<String> all = new ArrayList<>();
    for (int end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
      all.add(path.substring(0, end));
    }
    return all;
  }
}
