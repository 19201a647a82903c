package org.morethreads.thread;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;

/**
 * What the block of a {@link Scope} is given: it starts threads that the end of the scope waits
 * for. May be handed to others, threads of the scope included; after the end of the scope a start
 * throws.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class OpenScope {
  final Node node;

  OpenScope(Node node) {
    this.node = node;
  }

  /**
   * Starts a thread that has no result and belongs to this scope.
   *
   * @param name its name
   * @param task what it does
   * @return the thread
   * @throws IllegalStateException if this scope has ended
   */
  public ManagedThread<@Nullable Void> run(String name, ManagedThread.Task task) {
    return named(name).run(task);
  }

  /**
   * Starts a thread that has a result and belongs to this scope.
   *
   * @param <T> the type of the result
   * @param name its name
   * @param task what it computes
   * @return the thread
   * @throws IllegalStateException if this scope has ended
   */
  public <T extends @Nullable Object> ManagedThread<T> call(
      String name, ManagedThread.Call<T> task) {
    return named(name).call(task);
  }

  /**
   * Begins a thread with options that belongs to this scope.
   *
   * @param name its name
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public ThreadBuilder named(String name) {
    return ManagedThread.named(name).parent(node);
  }

  /**
   * Waits until every thread of this scope, also those started meanwhile, has stopped, and takes
   * the failures that nobody has claimed. Unless failures are isolated, a failure stops the scope,
   * and this wait ends by an interrupt.
   *
   * @throws InterruptedException if the calling thread is interrupted; nothing is claimed then
   * @throws ThreadFailedException if threads failed: the first of them, in the order of their
   *     start, is the cause, the others are suppressed, but those after sixteen only counted and
   *     logged
   * @throws IllegalStateException if the calling thread belongs to this scope, and would wait for
   *     itself
   */
  public void joinAll() throws InterruptedException {
    node.handle.checkNotAbove();
    for (Node[] living = threads(); living.length > 0; living = threads()) {
      for (Node thread : living) {
        thread.stopped.await();
      }
    }
    Failures.Taken taken = Failures.takeAll(node);
    List<Throwable> failures = taken.first();
    if (!failures.isEmpty()) {
      Throwable first = failures.getFirst();
      var failure =
          new ThreadFailedException(
              path(),
              "Of the threads in scope \""
                  + this
                  + "\" "
                  + taken.count()
                  + " failed, first: "
                  + Failures.words(first),
              first);
      failures.subList(1, failures.size()).forEach(failure::addSuppressed);
      throw failure;
    }
  }

  private Node[] threads() {
    return Arrays.stream(node.childrenBeyond(0))
        .filter(child -> child.kind() != Node.Kind.SCOPE)
        .toArray(Node[]::new);
  }

  /** Asks the threads of this scope to stop; returns at once. The block is not interrupted. */
  public void stop() {
    stop("asked to stop");
  }

  /**
   * Asks the threads of this scope to stop; returns at once. The block is not interrupted, and the
   * scope then ends as it does otherwise.
   *
   * @param reason why, for people
   */
  public void stop(String reason) {
    node.handle.stop(reason);
  }

  /** {@return the signal that goes when this scope is stopped, for whatever reason} */
  public Signal pleaseStop() {
    return node.pleaseStop;
  }

  /** {@return the living threads of this scope, in the order in which they were started} */
  public List<ManagedThread<?>> children() {
    return node.handle.children();
  }

  /** {@return the name of this scope} */
  public String name() {
    return node.name;
  }

  /** {@return the names from the root of the tree to this scope, separated by slashes} */
  public String path() {
    return node.describe();
  }

  /** {@return the path} */
  @Override
  public String toString() {
    return node.describe();
  }
}
