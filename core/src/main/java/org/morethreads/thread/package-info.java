/** Named threads in a tree of parents and children, how they stop, and how they ended. */
package org.morethreads.thread;
