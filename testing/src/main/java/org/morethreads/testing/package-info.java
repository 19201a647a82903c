/**
 * Tests of code that runs on managed threads.
 *
 * <ul>
 *   <li>{@link org.morethreads.testing.ManagedThreads @ManagedThreads}: a tree for each test, and a
 *       check that nothing is left of it;
 *   <li>{@link org.morethreads.testing.VirtualTime @VirtualTime} and {@link
 *       org.morethreads.testing.VirtualClock}: time that jumps when everybody waits;
 *   <li>{@link org.morethreads.testing.Sequencer}, {@link org.morethreads.testing.TestThreads}: an
 *       order of steps across threads, and waiting until one is blocked;
 *   <li>{@link org.morethreads.testing.SignalProbe}, {@link org.morethreads.testing.FailingSink},
 *       {@link org.morethreads.testing.SlowSink}, {@link
 *       org.morethreads.testing.MoreThreadsAssertions}.
 * </ul>
 */
@NullMarked
package org.morethreads.testing;

import org.jspecify.annotations.NullMarked;
