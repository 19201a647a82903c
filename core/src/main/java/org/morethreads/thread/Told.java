package org.morethreads.thread;

import java.time.Instant;

/**
 * That a thread was told to stop: why, when, and until when the stop that it is part of must be
 * over. Shared by all who were told in one go.
 *
 * @param reason why
 * @param atNanos when, by the monotonic clock
 * @param at when, by the wall clock
 * @param limitNanos the end of the stop as a whole, by the monotonic clock
 * @param interrupting whether it is interrupted together with that: a scope's stop (H9)
 */
record Told(StopReason reason, long atNanos, Instant at, long limitNanos, boolean interrupting) {}
