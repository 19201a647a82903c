package org.morethreads.testing;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** Does what {@link ManagedThreads} and {@link VirtualTime} say. */
final class ManagedThreadsExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver, InvocationInterceptor {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(ManagedThreadsExtension.class);

  private static final Pattern DURATION = Pattern.compile("(\\d+) ?(ms|s|m|h)");

  private static final ManagedThreads USUAL =
      Objects.requireNonNull(Usual.class.getAnnotation(ManagedThreads.class));

  @ManagedThreads
  private static final class Usual {}

  /** JUnit makes one. */
  ManagedThreadsExtension() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    store(context).put(TestRun.class, new TestRun(settings(context)));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    TestRun run = store(context).remove(TestRun.class, TestRun.class);
    if (run != null) {
      run.close();
    }
  }

  private static ExtensionContext.Store store(ExtensionContext context) {
    return context.getStore(NAMESPACE);
  }

  // ---- running

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    run(invocation, context);
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    run(invocation, context);
  }

  @Override
  public void interceptDynamicTest(
      Invocation<Void> invocation, DynamicTestInvocationContext dynamic, ExtensionContext context)
      throws Throwable {
    run(invocation, context);
  }

  private static void run(Invocation<Void> invocation, ExtensionContext context) throws Throwable {
    TestRun run = store(context).get(TestRun.class, TestRun.class);
    if (run == null) {
      invocation.proceed();
    } else {
      run.run(() -> {
        Void _ = invocation.proceed();
      });
    }
  }

  // ---- parameters

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return valueOf(parameter, context) != null;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return Objects.requireNonNull(valueOf(parameter, context));
  }

  private static @Nullable Object valueOf(ParameterContext parameter, ExtensionContext context) {
    TestRun run = store(context).get(TestRun.class, TestRun.class);
    if (run == null) {
      return null; // a constructor, or a method that runs once for all tests
    }
    Class<?> type = parameter.getParameter().getType();
    if (type == ThreadTree.class) {
      return run.tree();
    }
    if (type == TestLog.class) {
      return run.log();
    }
    return type == VirtualClock.class || type == InstantSource.class ? run.clock() : null;
  }

  // ---- settings

  private static TestRun.Settings settings(ExtensionContext context) {
    ManagedThreads managed = find(ManagedThreads.class, context).orElse(USUAL);
    VirtualTime virtual = find(VirtualTime.class, context).orElse(null);
    StopPolicy policy = StopPolicy.standard();
    Duration within = duration("stopWithin", managed.stopWithin());
    Duration timeout = duration("timeout", managed.timeout());
    if (timeout == null && virtual != null) {
      timeout = VirtualClock.USUAL_TIMEOUT;
    }
    Duration holdLimit = virtual == null ? null : duration("holdLimit", virtual.holdLimit());
    return new TestRun.Settings(
        context.getTestMethod().map(Method::getName).orElse("test"),
        virtual != null,
        virtual != null && virtual.platform(),
        virtual != null && !virtual.managed(),
        virtual == null ? Instant.EPOCH : instant(virtual.start()),
        within == null ? policy : policy.withTotal(within),
        timeout,
        holdLimit == null ? VirtualClock.USUAL_HOLD_LIMIT : holdLimit,
        managed.allowedLog(),
        managed.aliens());
  }

  /** That of the method, else that of its class or the nearest class around that. */
  private static <A extends Annotation> Optional<A> find(Class<A> type, ExtensionContext context) {
    Optional<A> own =
        context.getTestMethod().flatMap(method -> AnnotationSupport.findAnnotation(method, type));
    if (own.isPresent()) {
      return own;
    }
    return AnnotationSupport.findAnnotation(
        context.getRequiredTestClass(), type, enclosing(context));
  }

  private static List<Class<?>> enclosing(ExtensionContext context) {
    return context.getEnclosingTestClasses();
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new ExtensionConfigurationException(
          "start = \"" + text + "\" is no instant; write one such as \"2030-01-01T00:00:00Z\".", e);
    }
  }

  private static @Nullable Duration duration(String attribute, String text) {
    if (text.isEmpty()) {
      return null;
    }
    Matcher parts = DURATION.matcher(text);
    if (!parts.matches()) {
      throw new ExtensionConfigurationException(
          attribute
              + " = \""
              + text
              + "\" is no time; write a number and one of ms, s, m, h, such as \"10 s\".");
    }
    long number = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }
}
