/**
 * Programs outside of the JVM, as children in the tree of threads.
 *
 * <ul>
 *   <li>{@link org.morethreads.process.ManagedProcess}: a process of its own, with its input and
 *       its output as queues, limits of time, and a stop that reaches all that it has started;
 *   <li>{@link org.morethreads.process.Command}: short commands, run in shells that are kept and
 *       used again;
 *   <li>{@link org.morethreads.process.Program}: what the two have in common.
 * </ul>
 */
@NullMarked
package org.morethreads.process;

import org.jspecify.annotations.NullMarked;
