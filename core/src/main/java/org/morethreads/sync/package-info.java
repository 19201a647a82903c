/**
 * Irreversible signals, signals that time brings, progress counters, and a lock whose waits end on
 * a signal.
 */
package org.morethreads.sync;
