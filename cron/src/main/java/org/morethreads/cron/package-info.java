/** Cron expressions as the times of a {@link org.morethreads.work.Schedule}. */
@NullMarked
package org.morethreads.cron;

import org.jspecify.annotations.NullMarked;
