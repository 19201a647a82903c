/** Named threads in a tree of parents and children, how they stop, and how they ended. */
@NullMarked
package org.morethreads.thread;

import org.jspecify.annotations.NullMarked;
