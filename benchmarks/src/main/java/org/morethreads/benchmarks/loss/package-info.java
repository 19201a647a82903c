/** What logs lose when a program ends: run with {@code benchmarks/loss}. */
@NullMarked
package org.morethreads.benchmarks.loss;

import org.jspecify.annotations.NullMarked;
