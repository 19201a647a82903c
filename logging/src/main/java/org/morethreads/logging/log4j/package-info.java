/**
 * The log writer for Log4j 2: an appender that wraps another.
 *
 * <p>Null is not accepted as an argument, and not returned, unless a type says so.
 */
@NullMarked
package org.morethreads.logging.log4j;

import org.jspecify.annotations.NullMarked;
