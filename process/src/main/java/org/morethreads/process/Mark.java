package org.morethreads.process;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the environment of each program has, so that all that it starts can be found: a variable
 * that children inherit, re-parented ones too. A JVM that was marked itself adds to the mark, so
 * that whoever started it finds its programs as well.
 */
final class Mark {
  static final String VARIABLE = "MORE_THREADS_MARK";

  /** Begins each token of this JVM; another JVM's differ. */
  static final String OF_JVM =
      "mt" + UUID.randomUUID().toString().replace("-", "").substring(0, 16) + ".";

  private static final byte[] BEGIN = (VARIABLE + "=").getBytes(StandardCharsets.US_ASCII);
  private static final AtomicLong COUNT = new AtomicLong();

  private Mark() {}

  /** A token for one more program. None is part of another. */
  static String next() {
    return OF_JVM + COUNT.incrementAndGet() + ";";
  }

  static void put(Map<String, String> environment, String token) {
    String own = System.getenv(VARIABLE);
    environment.put(VARIABLE, own == null ? token : own + token);
  }

  /** The tokens of this JVM in an environment, as the kernel shows it. */
  static List<String> tokensIn(byte[] environment) {
    int at = find(environment);
    if (at < 0) {
      return List.of();
    }
    int end = at;
    while (end < environment.length && environment[end] != 0) {
      end++;
    }
    String value = new String(environment, at, end - at, StandardCharsets.US_ASCII);
    if (!value.contains(OF_JVM)) {
      return List.of();
    }
    return Arrays.stream(value.split(";", -1))
        .filter(token -> token.startsWith(OF_JVM))
        .map(token -> token + ";")
        .toList();
  }

  /** Where the value of the variable begins. */
  private static int find(byte[] environment) {
    for (int i = 0; i + BEGIN.length <= environment.length; i++) {
      if ((i == 0 || environment[i - 1] == 0)
          && Arrays.equals(environment, i, i + BEGIN.length, BEGIN, 0, BEGIN.length)) {
        return i + BEGIN.length;
      }
    }
    return -1;
  }
}
