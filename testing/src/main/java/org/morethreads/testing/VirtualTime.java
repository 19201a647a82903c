package org.morethreads.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs each test on virtual time: a {@link VirtualClock} that jumps when all threads of its tree
 * wait. On a class for all of its tests, or on a method. Whatever {@link ManagedThreads} promises
 * holds as well; that may be added to change its settings.
 *
 * {@snippet class="TestingSnippets" region="virtual"}
 *
 * <p>The test method runs on a managed thread {@code test} of its tree, unless {@link #managed}
 * says otherwise, so that it takes part: its own waits are virtual too. Threads that it starts are
 * its children, and are told to stop when it returns. What it throws reaches JUnit unchanged. A
 * parameter of type {@link VirtualClock} or {@link java.time.InstantSource} is given the clock.
 * Methods before and after the test run on JUnit's thread as ever, in real time; while they do, the
 * clock stands still.
 *
 * @since 0.1
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(ManagedThreadsExtension.class)
@SuppressWarnings("exports") // made by JUnit alone, which this package is open to
public @interface VirtualTime {
  /**
   * The time of day at which the clock begins.
   *
   * @return an instant, as {@link java.time.Instant#parse} takes it
   */
  String start() default VirtualClock.USUAL_START;

  /**
   * How long, in real time, the clock may be held by what does not wait through this library.
   *
   * @return a number and a unit
   */
  String holdLimit() default "5 s";

  /**
   * Whether the test runs on a platform thread instead of a virtual one.
   *
   * @return whether it does
   */
  boolean platform() default false;

  /**
   * Whether the test runs on a managed thread, a child of which is what it starts. If not, it runs
   * on a thread that takes part in virtual time but is none of the tree, as that of {@code main} or
   * of a web server is: what it starts goes to the top of the tree, it may be adopted, and it may
   * stop the tree, or close it, without being told to stop itself. Threads that it has started are
   * stopped after the methods that run after the test, as in real time.
   *
   * @return whether it does
   */
  boolean managed() default true;
}
