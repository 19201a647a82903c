package org.morethreads.benchmarks;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Callable;

/**
 * The JDK's {@code StructuredTaskScope}, by method handles: it is a preview, and to compile against
 * it would make all of this module one. JVMs that use it need {@code --enable-preview}.
 */
final class Structured {
  private static final MethodHandle OPEN;
  private static final MethodHandle FORK;
  private static final MethodHandle JOIN;
  private static final MethodHandle CLOSE;
  private static final MethodHandle GET;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      Class<?> scope = Class.forName("java.util.concurrent.StructuredTaskScope");
      Class<?> subtask = Class.forName("java.util.concurrent.StructuredTaskScope$Subtask");
      MethodType one = MethodType.methodType(Object.class, Object.class);
      OPEN =
          lookup
              .findStatic(scope, "open", MethodType.methodType(scope))
              .asType(MethodType.methodType(Object.class));
      FORK =
          lookup
              .findVirtual(scope, "fork", MethodType.methodType(subtask, Callable.class))
              .asType(MethodType.methodType(Object.class, Object.class, Callable.class));
      JOIN = lookup.findVirtual(scope, "join", MethodType.methodType(Object.class)).asType(one);
      GET = lookup.findVirtual(subtask, "get", MethodType.methodType(Object.class)).asType(one);
      CLOSE =
          lookup
              .findVirtual(scope, "close", MethodType.methodType(void.class))
              .asType(MethodType.methodType(void.class, Object.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private Structured() {}

  /** Forks, joins them all, and adds up their results. */
  static long startAndJoin(int threads) throws Exception {
    try {
      Callable<Integer> task = () -> 1;
      Object scope = (Object) OPEN.invokeExact();
      try {
        var started = new Object[threads];
        for (int i = 0; i < threads; i++) {
          started[i] = (Object) FORK.invokeExact(scope, (Callable<?>) task);
        }
        Object _ = (Object) JOIN.invokeExact(scope);
        long sum = 0;
        for (Object each : started) {
          sum += (Integer) (Object) GET.invokeExact(each);
        }
        return sum;
      } finally {
        CLOSE.invokeExact(scope);
      }
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("neither an exception nor an error", t);
    }
  }
}
