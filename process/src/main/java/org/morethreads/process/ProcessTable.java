package org.morethreads.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The processes of the machine at a moment, as {@code /proc} shows them; empty where there is none.
 * Who asks gets a look that began after he asked; those who ask at the same time share one, so that
 * a thousand programs that stop together do not read {@code /proc} a thousand times.
 */
final class ProcessTable {
  private static final Path PROC = Path.of("/proc");
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final AtomicLong BEGUN = new AtomicLong();

  /** Guarded by LOCK. */
  private static @Nullable ProcessTable last;

  /** A process that is alive. */
  private record Entry(long pid, long parent, long session, long startedAt, List<String> tokens) {}

  private static final class Jvm {
    /** When this JVM was started, in the ticks of the kernel. */
    static final long STARTED_AT = startedAt();

    private static long startedAt() {
      Entry own = read(PROC.resolve(Long.toString(ProcessHandle.current().pid())), Long.MAX_VALUE);
      return own == null ? 0 : own.startedAt;
    }
  }

  private final long serial;
  private final Map<Long, Entry> entries = new HashMap<>();

  private ProcessTable(long serial) {
    this.serial = serial;
  }

  static boolean isAvailable() {
    return Files.isReadable(PROC.resolve("self").resolve("environ"));
  }

  static ProcessTable look() {
    long asked = BEGUN.get();
    LOCK.lock();
    try {
      ProcessTable recent = last;
      if (recent != null && recent.serial > asked) {
        return recent;
      }
      ProcessTable table = new ProcessTable(BEGUN.incrementAndGet());
      table.read();
      last = table;
      return table;
    } finally {
      LOCK.unlock();
    }
  }

  private void read() {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path each : all) {
        Entry entry = read(each, Jvm.STARTED_AT);
        if (entry != null) {
          entries.put(entry.pid, entry);
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException noProc) {
      entries.clear(); // what ProcessHandle knows has to do
    }
  }

  /**
   * @param since only of those that were started since then it matters whether they are marked:
   *     others are older than this JVM
   */
  private static @Nullable Entry read(Path directory, long since) {
    try {
      long pid = Long.parseLong(directory.getFileName().toString());
      String stat =
          new String(Files.readAllBytes(directory.resolve("stat")), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      if (fields[0].equals("Z") || fields[0].equals("X")) {
        return null; // dead, and only not waited for
      }
      long startedAt = Long.parseLong(fields[19]);
      return new Entry(
          pid,
          Long.parseLong(fields[1]),
          Long.parseLong(fields[3]),
          startedAt,
          startedAt >= since ? tokensOf(directory) : List.of());
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException gone) {
      return null; // it has ended meanwhile
    }
  }

  /** Whether a process is dead and was only not waited for; false where there is no telling. */
  static boolean isDead(long pid) {
    return isAvailable() && read(PROC.resolve(Long.toString(pid)), Long.MAX_VALUE) == null;
  }

  private static List<String> tokensOf(Path directory) {
    try {
      return Mark.tokensIn(Files.readAllBytes(directory.resolve("environ")));
    } catch (IOException notOurs) {
      return List.of();
    }
  }

  /**
   * The living processes that a program has started, and those started by them; not the program
   * itself.
   *
   * @param pid the program
   * @param alive whether it runs, so that its number is its own
   * @param token its mark
   * @param ownSession whether it leads a session
   */
  List<ProcessHandle> startedBy(long pid, boolean alive, String token, boolean ownSession) {
    Set<Long> found = new HashSet<>();
    boolean session = ownSession && (alive || !entries.containsKey(pid)); // else it is another one
    for (Entry entry : entries.values()) {
      if (entry.tokens.contains(token) || (session && entry.session == pid)) {
        found.add(entry.pid);
      }
    }
    if (alive) {
      found.add(pid);
    } else {
      found.remove(pid);
    }
    addChildren(found);
    found.remove(pid);
    found.remove(ProcessHandle.current().pid());
    // parents before their children: a shell must not see its child die, and go on, before it dies
    return found.stream()
        .map(entries::get)
        .filter(Objects::nonNull)
        .sorted(Comparator.comparingLong(Entry::startedAt).thenComparingLong(Entry::pid))
        .flatMap(each -> handleOf(each).stream())
        .toList();
  }

  /** All living processes that a program of this JVM has started, and those programs. */
  List<ProcessHandle> startedByThisJvm() {
    return entries.values().stream()
        .filter(entry -> !entry.tokens.isEmpty())
        .flatMap(entry -> handleOf(entry).stream())
        .toList();
  }

  private void addChildren(Set<Long> found) {
    boolean more = !found.isEmpty();
    while (more) {
      more = false;
      for (Entry entry : entries.values()) {
        if (found.contains(entry.parent) && found.add(entry.pid)) {
          more = true;
        }
      }
    }
  }

  /** The handle of just this process, and not of a later one with its number. */
  private static Optional<ProcessHandle> handleOf(Entry entry) {
    return ProcessHandle.of(entry.pid)
        .filter(handle -> {
          Entry now = read(PROC.resolve(Long.toString(handle.pid())), Long.MAX_VALUE);
          return now != null && now.startedAt == entry.startedAt;
        });
  }
}
