/** The runner of a Procfile: services as processes in a tree, started and stopped in order. */
@NullMarked
package org.morethreads.examples.procrun;

import org.jspecify.annotations.NullMarked;
