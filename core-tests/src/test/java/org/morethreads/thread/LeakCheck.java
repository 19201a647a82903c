package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Checks after each class of tests, without being asked, that no tree is open and no managed thread
 * lives any more, of whatever tree, abandoned or not. Registered for all tests of core by {@code
 * META-INF/services}.
 *
 * <p>Classes may run at the same time, and whose thread it is nobody can tell: so the check is made
 * when the last of those that are running ends.
 */
@SuppressWarnings("exports") // of a package that is exported, but no part of the library
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
  /** How many seconds threads that were abandoned have, to end after all; a parameter for tests. */
  static final String PATIENCE = "org.morethreads.leakCheck.patience";

  private static final int STANDARD_PATIENCE = 10;

  private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);

  /** For the service loader. */
  public LeakCheck() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    running(context).incrementAndGet();
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    if (running(context).decrementAndGet() == 0) {
      int seconds =
          context.getConfigurationParameter(PATIENCE, Integer::valueOf).orElse(STANDARD_PATIENCE);
      check(Duration.ofSeconds(seconds));
    }
  }

  /** How many classes are running now, nested ones included, in this run of the engine. */
  private static AtomicInteger running(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent("running", _ -> new AtomicInteger(), AtomicInteger.class);
  }

  /** Fails if something is left after a time. */
  static void check(Duration patience) throws Exception {
    List<String> left = leaks();
    long end = System.nanoTime() + patience.toNanos();
    while (!left.isEmpty() && System.nanoTime() - end < 0) {
      Thread.sleep(10); // nobody tells when threads have ended that nobody waits for
      left = leaks();
    }
    if (!left.isEmpty()) {
      throw new AssertionError("Left behind by the tests:\n" + String.join("\n", left));
    }
  }

  /** What there is that should not be, in words; threads with their stacks. */
  private static List<String> leaks() throws Exception {
    List<String> found = new ArrayList<>();
    for (ThreadTree tree : JvmShutdown.allOpen()) {
      if (!tree.isMain()) {
        found.add("open " + tree + ":\n" + tree.dump().stripTrailing());
        tree.children().forEach(child -> addWithChildren(child, found));
      }
    }
    for (Node node : Abandoned.running(null)) {
      found.add(described(node));
    }
    return found;
  }

  private static void addWithChildren(ManagedThread<?> thread, List<String> found) {
    found.add(described(thread.node));
    thread.children().forEach(child -> addWithChildren(child, found));
  }

  /** A thread with its stack. */
  private static String described(Node node) {
    Thread thread = Objects.requireNonNull(node.thread());
    return "managed thread #%d \"%s\" %s%s"
        .formatted(
            thread.threadId(),
            thread.getName(),
            thread.isVirtual() ? "virtual" : "platform",
            StopWatch.stack(thread));
  }
}
