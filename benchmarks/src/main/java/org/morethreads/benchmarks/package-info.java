/** The library and its peers, measured in one run: {@code benchmarks/run}. */
@NullMarked
package org.morethreads.benchmarks;

import org.jspecify.annotations.NullMarked;
