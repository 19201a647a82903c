package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.sync.Signal;

/**
 * How a managed thread is to be made: begun by {@link ManagedThread#named}, ended by {@link #run},
 * {@link #call} or {@link #prepare}.
 *
 * {@snippet class="ThreadSnippets" region="builder"}
 *
 * <p>Instances are immutable: every method returns a new one, so that one may serve for many
 * threads.
 *
 * @since 0.1
 */
public final class ThreadBuilder {
  private final String name;
  private final Options options;

  ThreadBuilder(String name, Options options) {
    this.name = name;
    this.options = options;
  }

  private ThreadBuilder with(Consumer<Options> change) {
    return new ThreadBuilder(name, options.with(change));
  }

  /**
   * Asks for a platform thread. Without this the thread is virtual.
   *
   * @return a changed builder
   */
  public ThreadBuilder platform() {
    return with(copy -> copy.platform = true);
  }

  /**
   * Asks for a platform thread with a priority; virtual threads have none.
   *
   * @param priority from {@link Thread#MIN_PRIORITY} to {@link Thread#MAX_PRIORITY}
   * @return a changed builder
   * @throws IllegalArgumentException if the priority is outside that range
   * @throws IllegalStateException if {@link #platform} was not called before
   */
  public ThreadBuilder priority(int priority) {
    if (!options.platform) {
      throw new IllegalStateException(
          "Thread \""
              + name
              + "\" is virtual, and virtual threads have no priority. Call platform() first.");
    }
    if (priority < Thread.MIN_PRIORITY || priority > Thread.MAX_PRIORITY) {
      throw new IllegalArgumentException(
          "The priority of thread \""
              + name
              + "\" must be from "
              + Thread.MIN_PRIORITY
              + " to "
              + Thread.MAX_PRIORITY
              + ", but is "
              + priority
              + ".");
    }
    return with(copy -> copy.priority = priority);
  }

  /**
   * Chooses the parent. Without this it is the managed thread that starts the new one, else the
   * tree that the starting thread has opened, else the main tree.
   *
   * @param parent the parent
   * @return a changed builder
   */
  public ThreadBuilder parent(ManagedThread<?> parent) {
    return parent(parent.node);
  }

  /**
   * Makes the thread one of the topmost of a tree.
   *
   * @param tree the tree
   * @return a changed builder
   */
  public ThreadBuilder parent(ThreadTree tree) {
    return parent(tree.root);
  }

  ThreadBuilder parent(Node parent) {
    return with(copy -> copy.parent = parent);
  }

  /**
   * Names threads that the new one needs to the end: they, and the threads below them, are told to
   * stop only after it has stopped, wherever the stop comes from. Where its own end waits for a
   * thread below one that it needs, that one alone is told so late.
   *
   * <p>When a needed thread has stopped already, to start the new one is an error, unless that is
   * part of a stop: of the parent or of one above it. Then the new thread is started, and told at
   * once, as any that is started so late.
   *
   * @param needed the threads, started already
   * @return a changed builder
   */
  public ThreadBuilder needs(ManagedThread<?>... needed) {
    List<ManagedThread<?>> all = new ArrayList<>(options.needs);
    all.addAll(Arrays.asList(needed));
    for (ManagedThread<?> each : all) {
      if (each.node.state() < Node.STARTED) {
        throw new IllegalStateException(
            "Thread \""
                + name
                + "\" cannot need \""
                + each.name()
                + "\", which has not been started. Start it first.");
      }
    }
    return with(copy -> copy.needs = List.copyOf(all));
  }

  /**
   * Stops the thread when a signal goes. One way: stopping the thread does not signal the signal.
   *
   * @param signal the signal; may be called several times with others
   * @return a changed builder
   */
  public ThreadBuilder stopWhen(Signal signal) {
    List<Signal> all = new ArrayList<>(options.stopWhen);
    all.add(Objects.requireNonNull(signal, "signal"));
    return with(copy -> copy.stopWhen = List.copyOf(all));
  }

  /**
   * Chooses how a stop of the thread is bounded. A policy can only shorten what that of the parent
   * allows.
   *
   * @param policy the policy
   * @return a changed builder
   */
  public ThreadBuilder stopPolicy(StopPolicy policy) {
    return with(copy -> copy.policy = Objects.requireNonNull(policy, "policy"));
  }

  /**
   * Stops the thread when it has run for a time, which is real time.
   *
   * @param deadline the time from the start; zero or negative means that it is told as it starts
   * @return a changed builder
   */
  public ThreadBuilder deadline(Duration deadline) {
    return with(copy -> copy.deadline = Objects.requireNonNull(deadline, "deadline"));
  }

  /**
   * Carries scoped values over: the task sees them bound as they are where the thread is started.
   * One that is not bound there is left unbound.
   *
   * @param values the scoped values
   * @return a changed builder
   */
  public ThreadBuilder carrying(ScopedValue<?>... values) {
    List<ScopedValue<?>> all = new ArrayList<>(options.carried);
    all.addAll(Arrays.asList(values));
    return with(copy -> copy.carried = List.copyOf(all));
  }

  /**
   * For our own modules: the thread is started by who calls this, though somebody else will do it
   * for him: its failures show this line, and it has the context of this thread, and the scoped
   * values to carry as they are bound here.
   *
   * @param library the proof of membership
   * @return a changed builder
   * @hidden
   */
  @SuppressWarnings("exports")
  public ThreadBuilder startedHere(Library library) {
    Objects.requireNonNull(library, "library");
    StackTraceElement[] here = StartSite.here();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    Context other = Context.capture();
    return with(copy -> {
      copy.startedFrom = here;
      copy.context = context;
      copy.carrier = copy.carrierHere();
      copy.otherContext = other;
    });
  }

  /**
   * Starts a thread that has no result.
   *
   * @param task what it does
   * @return the thread, started
   * @throws IllegalStateException if the parent, or a {@linkplain #needs needed} thread, has
   *     stopped, or the time of the parent's stop is over
   */
  public ManagedThread<@Nullable Void> run(ManagedThread.Task task) {
    ManagedThread<@Nullable Void> thread = prepare(task);
    thread.start();
    return thread;
  }

  /**
   * Starts a thread that has a result.
   *
   * @param <T> the type of the result
   * @param task what it computes
   * @return the thread, started
   * @throws IllegalStateException if the parent, or a {@linkplain #needs needed} thread, has
   *     stopped, or the time of the parent's stop is over
   */
  public <T extends @Nullable Object> ManagedThread<T> call(ManagedThread.Call<T> task) {
    ManagedThread<T> thread = prepareCall(task);
    thread.start();
    return thread;
  }

  /**
   * Makes a thread that is to be {@linkplain ManagedThread#start started} later. Until then it is
   * nobody's child.
   *
   * @param task what it does
   * @return the thread, not started
   */
  public ManagedThread<@Nullable Void> prepare(ManagedThread.Task task) {
    Objects.requireNonNull(task, "task");
    return prepareAny(
        task instanceof ManagedThread.Call<?> ? new ManagedThread.Wrapped(task) : task);
  }

  /**
   * Makes a thread with a result that is to be {@linkplain ManagedThread#start started} later.
   * Until then it is nobody's child.
   *
   * @param <T> the type of the result
   * @param task what it computes
   * @return the thread, not started
   */
  public <T extends @Nullable Object> ManagedThread<T> prepareCall(ManagedThread.Call<T> task) {
    Objects.requireNonNull(task, "task");
    return prepareAny(task);
  }

  /** Makes a thread for a call, or for a task that is no call. */
  @SuppressWarnings("unchecked") // the node's handle has the type of the node's task
  private <T extends @Nullable Object> ManagedThread<T> prepareAny(Object task) {
    Node parent = options.parent != null ? options.parent : ThreadTree.parentOfNew();
    Node node = new Node(parent.tree, parent, name, options, task);
    return (ManagedThread<T>) node.handle;
  }
}
