package org.morethreads.process;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** How a program is to be run. Not changed once it is handed out. */
final class Settings {
  /** The command, or the one shell line. */
  List<String> command = List.of();

  /** Whether the command is one line in the language of the shell. */
  boolean shellLine;

  @Nullable String name;
  @Nullable Path directory;

  /** Whether only what is in {@link #environment} is given. */
  boolean onlyEnvironment;

  /** What differs from our own environment; empty for what is taken out. */
  Map<String, Optional<String>> environment = Map.of();

  Charset charset = StandardCharsets.UTF_8;
  Wish stdout = Wish.Queued.KEPT;
  Wish stderr = Wish.Queued.KEPT;
  boolean merged;
  int capacity = 1024;
  int longestLine = 64 * 1024;

  /** How many bytes an output puts into its queue beyond the capacity; another number in tests. */
  long mostHeld = Output.MOST_HELD;

  /** What stands on its input; empty for none. */
  String input = "";

  /** The input comes through a queue, or from elsewhere; null for {@link #input}. */
  @Nullable Wish stdin;

  @Nullable Predicate<String> readyLine;
  @Nullable Duration startUpLimit;
  @Nullable Duration silenceLimit;
  @Nullable Duration limit;

  /** Which statuses are no failure; null for all. */
  @Nullable Set<Integer> accepted = Set.of(0);

  String stopSignal = "TERM";
  boolean asksWholeTree = true;
  Duration grace = Duration.ofSeconds(5);
  boolean ownSession;
  boolean endsDescendants;

  /** For commands: the shell that runs them, and how far they are kept from each other. */
  Dialect dialect = Dialect.ofSystem();

  Isolation isolation = Isolation.FULL;

  Settings with(Consumer<Settings> change) {
    Settings copy = new Settings();
    copy.command = command;
    copy.shellLine = shellLine;
    copy.name = name;
    copy.directory = directory;
    copy.onlyEnvironment = onlyEnvironment;
    copy.environment = environment;
    copy.charset = charset;
    copy.stdout = stdout;
    copy.stderr = stderr;
    copy.merged = merged;
    copy.capacity = capacity;
    copy.longestLine = longestLine;
    copy.mostHeld = mostHeld;
    copy.input = input;
    copy.stdin = stdin;
    copy.readyLine = readyLine;
    copy.startUpLimit = startUpLimit;
    copy.silenceLimit = silenceLimit;
    copy.limit = limit;
    copy.accepted = accepted;
    copy.stopSignal = stopSignal;
    copy.asksWholeTree = asksWholeTree;
    copy.grace = grace;
    copy.ownSession = ownSession;
    copy.endsDescendants = endsDescendants;
    copy.dialect = dialect;
    copy.isolation = isolation;
    change.accept(copy);
    return copy;
  }

  boolean accepts(int status) {
    Set<Integer> those = accepted;
    return those == null || those.contains(status);
  }

  /** What the program is called: as asked, or after its file. */
  String nameOrDefault() {
    String given = name;
    if (given != null) {
      return given;
    }
    String first = command.getFirst().strip();
    if (shellLine) {
      first = first.split("\\s", 2)[0];
    }
    String file = first.substring(1 + Math.max(first.lastIndexOf('/'), first.lastIndexOf('\\')));
    return file.isEmpty() ? "program" : file;
  }

  /** The program itself, for messages; not its arguments, which may be secrets. */
  String program() {
    return shellLine ? "a line of shell" : command.getFirst();
  }
}
