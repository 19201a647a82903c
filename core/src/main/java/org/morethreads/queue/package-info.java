/**
 * Queues that can be closed, and the wait for the first of several of them.
 *
 * <p>Where nothing else is said, passing null throws {@code NullPointerException}, and nothing has
 * been done then.
 */
@NullMarked
package org.morethreads.queue;

import org.jspecify.annotations.NullMarked;
