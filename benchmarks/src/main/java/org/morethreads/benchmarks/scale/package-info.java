/** What one of n things costs, for growing n. */
@NullMarked
package org.morethreads.benchmarks.scale;

import org.jspecify.annotations.NullMarked;
