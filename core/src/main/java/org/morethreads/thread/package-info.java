/**
 * Named threads in a parent/child tree, each with a {@code pleaseStop} signal; their outcomes,
 * their ordered and bounded stop, and the end of the program.
 *
 * <p>The end of a thread's task stops its children: they are told, awaited, after a while
 * interrupted and at last abandoned, as the {@link org.morethreads.thread.StopPolicy} says, and
 * only then has the thread {@code stopped}.
 *
 * <p>Passing null where a parameter is not marked {@code @Nullable} throws {@link
 * NullPointerException}. Blocking methods look at the interrupt status first: a thread that is
 * interrupted, on entry or while it waits, gets {@link InterruptedException} with the status
 * cleared, and nothing has been done.
 *
 * <p><b>Memory consistency.</b> What the starter did before it started a thread
 * <i>happens-before</i> what the task does; what the task did <i>happens-before</i> what others do
 * after they have joined the thread or seen its {@code stopped} signal.
 */
@NullMarked
package org.morethreads.thread;

import org.jspecify.annotations.NullMarked;
