package org.morethreads.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives each test a tree of its own, and makes it fail when something is left of it. On a class for
 * all of its tests, or on a method.
 *
 * {@snippet class="TestingSnippets" region="managed"}
 *
 * <p><b>The tree.</b> Threads that are started without a parent, from {@code @BeforeEach} to
 * {@code @AfterEach}, go into it; a parameter of type {@link org.morethreads.thread.ThreadTree} is
 * given it. After {@code @AfterEach} it is stopped, and the test fails when
 *
 * <ul>
 *   <li>a managed thread is left over: it does not end within the stop policy, or was abandoned
 *       before and is still alive, or lives in another tree that the test has opened and not
 *       closed;
 *   <li>a managed thread has failed, and nobody has claimed the failure;
 *   <li>a thread that the test, or a thread of the test, has made outside of the tree is still
 *       alive a second later;
 *   <li>something was logged above the allowed level, by this library or through {@code
 *       java.util.logging}, on a thread that belongs to the test.
 * </ul>
 *
 * <p><b>Which threads outside of the tree</b> belong to the test is decided by who has made them,
 * not by names. Threads of both kinds are seen, also those of executors, and those made by such
 * threads in turn. Not seen are threads that do not inherit from their maker: the JDK's own pools,
 * and those made with {@code inheritInheritableThreadLocals(false)}; virtual threads that are made
 * unstarted, or by a factory, and started later; managed threads in the main tree. Not counted are
 * those that the JDK or JUnit make for themselves meanwhile, and threads made before
 * {@code @BeforeEach}, but for the workers that an older executor makes during the test. Where
 * garbage is not collected when asked for, none are reported.
 *
 * <p><b>Time-outs.</b> A test with a {@link #timeout} that runs out of it fails with what each
 * thread of the tree waits for. Its tree is stopped, and the thread of the test is interrupted
 * until it comes back. (JUnit's own {@code @Timeout} works as well, but knows nothing of the tree.)
 *
 * <p>The test runs on JUnit's thread, unless it is on {@link VirtualTime}.
 *
 * @since 0.1
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(ManagedThreadsExtension.class)
@SuppressWarnings("exports") // made by JUnit alone, which this package is open to
public @interface ManagedThreads {
  /**
   * How long the test may take, in real time, as a number and a unit: {@code "10 s"}, {@code "500
   * ms"}, {@code "2 m"}.
   *
   * @return the limit; empty for none, or, under virtual time, a minute
   */
  String timeout() default "";

  /**
   * The highest level at which something may be logged during the test.
   *
   * @return the level
   */
  System.Logger.Level allowedLog() default System.Logger.Level.INFO;

  /**
   * Whether to look for threads outside of the tree that the test has left.
   *
   * @return whether to look
   */
  boolean aliens() default true;

  /**
   * How long the stop of the tree may take in total; the other times of the standard policy are
   * shortened in proportion.
   *
   * @return a number and a unit; empty for the standard policy
   */
  String stopWithin() default "";
}
