/**
 * Context that Micrometer's context-propagation knows of, carried to managed threads.
 *
 * <p>Null is not accepted as an argument, and not returned, unless a type says so.
 */
@NullMarked
package org.morethreads.logging.micrometer;

import org.jspecify.annotations.NullMarked;
