/**
 * Irreversible signals, signals that time brings, progress counters, and a lock whose waits end on
 * a signal.
 */
@NullMarked
package org.morethreads.sync;

import org.jspecify.annotations.NullMarked;
