/**
 * Metrics of managed threads and queues for Micrometer.
 *
 * <p>Unless a method says otherwise, null as an argument throws {@code NullPointerException}.
 */
@NullMarked
package org.morethreads.micrometer;

import org.jspecify.annotations.NullMarked;
