/** The census of real classes: how many there are, how big, and how many still synchronize. */
@NullMarked
package org.morethreads.examples.census;

import org.jspecify.annotations.NullMarked;
