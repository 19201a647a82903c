package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Services.Service;
import org.morethreads.internal.Services.Stage;

/**
 * What ends after the last tree (H11), as a list. What is asked to finish when, and what is done
 * before the JVM is halted, is shown in JVMs of their own.
 */
class ServicesTest {
  private final Service one = _ -> {};
  private final Service other = _ -> {};

  @AfterEach
  void forget() {
    Services.remove(one);
    Services.remove(other);
  }

  @Test
  void remove_added_saysOnceThatItWouldHaveBeenAsked() {
    assertThat(Services.add(Stage.LOG, one)).isTrue();
    assertThat(Services.add(Stage.LOG, other)).isTrue();
    assertThat(Services.remove(one)).isTrue();
    assertThat(Services.remove(one)).isFalse();
    assertThat(Services.remove(other)).as("is still there").isTrue();
  }

  /** Only of the last stage, which no other test of this JVM has use for: it is over then. */
  @Test
  void take_aStage_hasItsServicesInOrderAndNoneCanBeAddedToIt() {
    Service log = _ -> {};
    assertThat(Services.add(Stage.LOG, log)).isTrue();
    assertThat(Services.add(Stage.FRAMEWORK, one)).isTrue();
    assertThat(Services.add(Stage.FRAMEWORK, other)).isTrue();

    assertThat(Services.take(Stage.FRAMEWORK)).isEqualTo(List.of(one, other));

    assertThat(Services.take(Stage.FRAMEWORK)).isEmpty();
    assertThat(Services.add(Stage.FRAMEWORK, one)).isFalse();
    assertThat(Services.remove(one)).isFalse();
    assertThat(Services.remove(log)).as("the other stages stay as they are").isTrue();
  }
}
