package org.morethreads.logging.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Services;

/** That the hook goes with the line that asks for it; its work is tested at the end of JVMs. */
class OrderedShutdownHookTest {
  private final LoggerContext context = new LoggerContext();

  @Test
  void contextReset_isForgottenByTheEndOfTheProgram() {
    var hook = new OrderedShutdownHook();
    hook.setContext(context);
    context.reset();
    assertThat(Services.remove(hook.service)).isFalse();
  }

  @Test
  void contextNotReset_isPartOfTheEndOfTheProgram() {
    var hook = new OrderedShutdownHook();
    hook.setContext(context);
    assertThat(Services.remove(hook.service)).isTrue();
  }
}
