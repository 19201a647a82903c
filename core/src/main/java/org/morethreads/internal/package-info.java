/** What the current thread runs in: its clock, how it parks, and the timer. Not for users. */
@NullMarked
package org.morethreads.internal;

import org.jspecify.annotations.NullMarked;
