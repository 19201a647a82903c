package org.morethreads.process;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * All that a program has started, as far as it can be found: by the mark in the environment and by
 * who is whose child, where there is {@code /proc}; by who is whose child alone elsewhere. Those
 * once found are remembered, since later they may belong to nobody. For one thread at a time.
 */
final class Descendants {
  private final Process process;
  private final String token;
  private final boolean ownSession;
  private final Set<ProcessHandle> known = new LinkedHashSet<>();

  Descendants(Process process, String token, boolean ownSession) {
    this.process = process;
    this.token = token;
    this.ownSession = ownSession;
  }

  /** Those that live. */
  List<ProcessHandle> look() {
    if (ProcessTable.isAvailable()) {
      ProcessTable table = ProcessTable.look();
      known.addAll(table.startedBy(process.pid(), process.isAlive(), token, ownSession));
    } else {
      process.toHandle().descendants().forEach(known::add);
    }
    known.removeIf(each -> !isRunning(each));
    return new ArrayList<>(known);
  }

  /** One that is dead and only not waited for, by whoever it belongs to now, does not run. */
  private static boolean isRunning(ProcessHandle handle) {
    return handle.isAlive() && !ProcessTable.isDead(handle.pid());
  }

  static String describe(List<ProcessHandle> those) {
    List<String> words = new ArrayList<>();
    for (ProcessHandle each : those.subList(0, Math.min(5, those.size()))) {
      words.add(each.pid() + " " + each.info().command().orElse("(its program is unknown)"));
    }
    if (those.size() > words.size()) {
      words.add("and " + (those.size() - words.size()) + " more");
    }
    return String.join(", ", words);
  }
}
