/**
 * The log writer for Logback: an appender that wraps another.
 *
 * <p>Null is not accepted as an argument, and not returned, unless a type says so.
 */
@NullMarked
package org.morethreads.logging.logback;

import org.jspecify.annotations.NullMarked;
