/**
 * Work in threads: pools of jobs, repetitions, actors.
 *
 * <p>Passing null throws {@link java.lang.NullPointerException}, unless stated otherwise.
 *
 * <p><b>Memory consistency.</b> What came before a job is submitted, or a letter is told,
 * <i>happens-before</i> what the job, or the actor, does with it; what that does
 * <i>happens-before</i> what follows after its result was taken.
 */
@NullMarked
package org.morethreads.work;

import org.jspecify.annotations.NullMarked;
