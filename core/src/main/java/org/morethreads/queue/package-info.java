/** Queues that can be closed, and the wait for the first of several of them. */
package org.morethreads.queue;
