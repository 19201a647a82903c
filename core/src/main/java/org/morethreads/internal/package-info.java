/**
 * What the packages of the library share and users never see: the seams for time and interleavings,
 * the machinery of signals, and a mutex that parks through the seam. Exported to the library's own
 * modules only.
 */
@NullMarked
package org.morethreads.internal;

import org.jspecify.annotations.NullMarked;
