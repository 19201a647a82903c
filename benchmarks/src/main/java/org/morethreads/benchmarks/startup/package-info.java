/** Programs that start one thread and end. */
@NullMarked
package org.morethreads.benchmarks.startup;

import org.jspecify.annotations.NullMarked;
