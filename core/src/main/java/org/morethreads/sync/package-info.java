/**
 * Signals, tills, progress and the lock: irreversible facts that compose, and a monitor whose
 * holders cannot forget to wake others.
 *
 * <p>Passing null where a parameter is not marked {@code @Nullable} throws {@link
 * NullPointerException}. Blocking methods look at the interrupt status first: a thread that is
 * interrupted, on entry or while it waits, gets {@link InterruptedException} with the status
 * cleared, and nothing has been done.
 *
 * <p><b>Memory consistency.</b> What a thread did before {@link
 * org.morethreads.sync.OpenSignal#go() go()} <i>happens-before</i> what another does after it has
 * seen the signal: by {@code isSignalled()}, a successful {@code await} or an action. The same
 * holds for advancing a {@link org.morethreads.sync.Progress} and seeing it, and for leaving a
 * {@link org.morethreads.sync.Lock} and acquiring it next.
 */
@NullMarked
package org.morethreads.sync;

import org.jspecify.annotations.NullMarked;
