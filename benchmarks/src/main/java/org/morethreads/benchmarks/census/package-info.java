/** What a program gains by logging off its threads: run with {@code benchmarks/census-log}. */
@NullMarked
package org.morethreads.benchmarks.census;

import org.jspecify.annotations.NullMarked;
