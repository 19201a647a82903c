package org.morethreads.thread;

import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * The time for which a thread that was not started by this library takes part in a tree. May be
 * closed only by the adopted thread.
 *
 * {@snippet class="ThreadSnippets" region="adopt"}
 *
 * @since 0.1
 */
public final class Adoption implements AutoCloseable {
  private final Node node;

  /** What the thread had around it before, and gets back. */
  private final Surroundings before;

  /** Whether closing gives the place in the tree up. */
  private final boolean own;

  private boolean closed;

  private Adoption(Node node, Surroundings before, boolean own) {
    this.node = node;
    this.before = before;
    this.own = own;
  }

  static Adoption of(Options options) {
    Surroundings before = Surroundings.current();
    if (before instanceof Node present) {
      return new Adoption(present, before, false);
    }
    Node parent = ThreadTree.parentOfNew();
    Thread thread = Thread.currentThread();
    String name = thread.getName().isEmpty() ? "thread-" + thread.threadId() : thread.getName();
    Node node = new Node(parent.tree, parent, name.replace('/', '|'), options, null);
    node.adoptCurrentThread(before);
    return new Adoption(node, before, true);
  }

  /** {@return the place of the adopted thread in the tree} */
  public ManagedThread<?> thread() {
    return node.handle;
  }

  /** {@return the signal that goes when the adopted thread is asked to leave} */
  public Signal pleaseStop() {
    return node.pleaseStop;
  }

  /**
   * Leaves the tree: children started meanwhile are told to stop, and awaited. Does nothing when
   * closed before.
   *
   * @throws WrongThreadException if the calling thread is not the adopted one
   */
  @Override
  public void close() {
    if (!node.isOf(Thread.currentThread())) {
      throw new WrongThreadException(
          "Only the adopted thread itself, \""
              + node
              + "\", can leave; this is \""
              + Thread.currentThread().getName()
              + "\".");
    }
    if (own && !closed) {
      closed = true;
      node.leaveAdoptedThread(before);
    }
  }
}
