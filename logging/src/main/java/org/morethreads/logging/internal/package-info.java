/** What the packages of this module share; not exported. */
@NullMarked
package org.morethreads.logging.internal;

import org.jspecify.annotations.NullMarked;
