/** What one of many things takes of the heap. */
@NullMarked
package org.morethreads.benchmarks.memory;

import org.jspecify.annotations.NullMarked;
