/** Queues that can be closed, and the wait for the first of several of them. */
@NullMarked
package org.morethreads.queue;

import org.jspecify.annotations.NullMarked;
