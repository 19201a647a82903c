/** What the current thread runs in: its clock, how it parks, and the timer. Not for users. */
package org.morethreads.internal;
