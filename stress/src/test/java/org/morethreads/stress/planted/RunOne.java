package org.morethreads.stress.planted;

import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Runs methods of a test in this JVM: {@code RunOne CLASS METHOD…}; one with a parameter runs with
 * each constant of the enum that this is of. Its status is 0 when they pass, {@value #FAILED} when
 * one fails, and anything else when they could not be run.
 */
public final class RunOne {
  /** The status when a method has failed. */
  public static final int FAILED = 42;

  /** What is printed before each round. */
  static final String ROUND = "---- round ";

  /** How often each method runs, each time from other seeds. */
  static final int ROUNDS = Integer.getInteger("morethreads.rounds", 1);

  private RunOne() {}

  public static void main(String[] arguments) throws Exception {
    Class<?> test = Class.forName(arguments[0]);
    for (int i = 1; i < arguments.length; i++) {
      Method method = methodOf(test, arguments[i]);
      method.setAccessible(true);
      int failed = 0;
      for (int round = 0; round < ROUNDS; round++) {
        System.setProperty("morethreads.firstSeed", String.valueOf(1_000_000L * round));
        System.out.println(ROUND + round);
        failed += fails(test, method) ? 1 : 0;
      }
      if (failed > 0) {
        System.out.flush();
        Runtime.getRuntime().halt(FAILED);
      }
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static boolean fails(Class<?> test, Method method) throws Exception {
    Constructor<?> constructor = test.getDeclaredConstructor();
    constructor.setAccessible(true);
    Object instance = constructor.newInstance();
    try {
      callAnnotated(instance, BeforeEach.class);
      if (method.getParameterCount() == 0) {
        method.invoke(instance);
      } else {
        for (Object constant : method.getParameterTypes()[0].getEnumConstants()) {
          method.invoke(instance, constant);
        }
      }
      callAnnotated(instance, AfterEach.class);
      System.out.println(method.getName() + " passes");
      return false;
    } catch (InvocationTargetException failed) {
      System.out.println(method.getName() + " fails:");
      failed.getCause().printStackTrace(System.out);
      return true;
    }
  }

  private static Method methodOf(Class<?> test, String name) throws NoSuchMethodException {
    return Arrays.stream(test.getDeclaredMethods())
        .filter(method -> method.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchMethodException(test.getName() + "." + name));
  }

  private static void callAnnotated(Object instance, Class<? extends Annotation> annotation)
      throws IllegalAccessException, InvocationTargetException {
    for (Method method : instance.getClass().getDeclaredMethods()) {
      if (method.isAnnotationPresent(annotation)) {
        method.setAccessible(true);
        method.invoke(instance);
      }
    }
  }
}
