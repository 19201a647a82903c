package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Signals of the operating system (H11), by one that nobody else sends, and that does nothing by
 * itself. What the library does when those come that end programs is shown in JVMs of their own.
 */
@Timeout(20)
class OsSignalTest {
  private static final String NAME = "URG";

  private final BlockingQueue<Optional<Runnable>> told = new LinkedBlockingQueue<>();
  private Object before;

  private void handle() {
    OsSignal.handle(NAME, earlier -> told.add(Optional.ofNullable(earlier)));
  }

  // ---- what users do, by reflection, since javac warns

  private static Class<?> signal() throws ReflectiveOperationException {
    return Class.forName("sun.misc.Signal");
  }

  private static Class<?> handler() throws ReflectiveOperationException {
    return Class.forName("sun.misc.SignalHandler");
  }

  private static Object urgent() throws ReflectiveOperationException {
    return signal().getConstructor(String.class).newInstance(NAME);
  }

  private static Object constant(String name) throws ReflectiveOperationException {
    return handler().getField(name).get(null);
  }

  /** Installs a handler; answers the one before. */
  private static Object install(Object newHandler) throws ReflectiveOperationException {
    return signal().getMethod("handle", signal(), handler()).invoke(null, urgent(), newHandler);
  }

  private static Object calling(Consumer<String> action) throws ReflectiveOperationException {
    return Proxy.newProxyInstance(
        OsSignalTest.class.getClassLoader(),
        new Class<?>[] {handler()},
        (_, _, arguments) -> {
          action.accept(arguments[0].toString());
          return null;
        });
  }

  private static void raise() throws ReflectiveOperationException {
    signal().getMethod("raise", signal()).invoke(null, urgent());
  }

  @BeforeEach
  void asTheJvmHasIt() throws Exception {
    before = install(constant("SIG_DFL"));
  }

  @AfterEach
  void asBefore() throws Exception {
    install(before);
  }

  // ---- tests

  @Test
  void handle_signalComesTwice_tellsTheReceiverTwice() throws Exception {
    handle();
    raise();
    assertThat(told.take()).as("the JVM's own handler is not for passing on").isEmpty();
    raise();
    assertThat(told.take()).isEmpty();
    assertThat(install(constant("SIG_DFL"))).hasToString("more-threads handler of SIGURG");
  }

  @Test
  void handle_userHasAHandler_itIsCalledWhenTheReceiverPassesOn() throws Exception {
    BlockingQueue<String> users = new LinkedBlockingQueue<>();
    install(calling(users::add));
    handle();
    raise();
    Runnable earlier = told.take().orElseThrow();
    assertThat(users).isEmpty();
    earlier.run();
    assertThat(users).containsExactly("SIGURG");
  }

  /** As nohup does with SIGHUP. */
  @Test
  void handle_ignoredByWhoeverStartedTheJvm_staysIgnored() throws Exception {
    install(constant("SIG_IGN"));
    handle();
    assertThat(install(constant("SIG_DFL"))).isSameAs(constant("SIG_IGN"));
  }

  @Test
  void handle_noSuchSignal_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OsSignal.handle("NONE", _ -> {}))
        .withMessageContaining("NONE");
  }
}
