/**
 * Profiles by thread, events of Flight Recorder, and diagnostics of a program that runs.
 *
 * <p>Unless a method says otherwise, null as an argument throws {@code NullPointerException}.
 */
@NullMarked
package org.morethreads.profiling;

import org.jspecify.annotations.NullMarked;
