/** When what is due comes. */
@NullMarked
package org.morethreads.benchmarks.till;

import org.jspecify.annotations.NullMarked;
