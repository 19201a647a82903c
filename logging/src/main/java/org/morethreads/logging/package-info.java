/**
 * The central log writer (G1): one thread writes what others log, loses nothing when the program
 * ends, and says what a broken sink has cost.
 *
 * <p>Null is not accepted as an argument, and not returned, unless a type says so.
 */
@NullMarked
package org.morethreads.logging;

import org.jspecify.annotations.NullMarked;
