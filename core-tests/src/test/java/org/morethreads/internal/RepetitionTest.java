package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RepetitionTest {
  private final Repetition repetition = new Repetition(2, 100);
  private long now = 1_000;

  private static Throwable here() {
    return new IllegalStateException("here");
  }

  private static Throwable there() {
    return new IllegalStateException("there");
  }

  @Test
  void mayLog_sameLineTooOften_isSuppressedAndCounted() {
    assertThat(repetition.mayLog(here(), now).mayLog()).isTrue();
    assertThat(repetition.mayLog(here(), now).mayLog()).isTrue();
    assertThat(repetition.mayLog(here(), now).mayLog()).isFalse();
    assertThat(repetition.mayLog(here(), now).mayLog()).isFalse();
    assertThat(repetition.mayLog(there(), now).mayLog()).isTrue();
    assertThat(repetition.rest())
        .startsWith("2 x java.lang.IllegalStateException at ")
        .contains("RepetitionTest.here");
    assertThat(repetition.rest()).isEmpty();
  }

  @Test
  void mayLog_windowIsOver_beginsAnewAndSaysHowMany() {
    for (int i = 0; i < 5; i++) {
      boolean _ = repetition.mayLog(here(), now).mayLog();
    }
    now = 1_099;
    assertThat(repetition.mayLog(here(), now).mayLog()).isFalse();
    now = 1_100;
    Repetition.Answer answer = repetition.mayLog(here(), now);
    assertThat(answer.mayLog()).isTrue();
    assertThat(answer.suppressedText()).isEqualTo(" 4 more like it were not logged.");
    assertThat(repetition.mayLog(here(), now).suppressedText()).isEmpty();
    assertThat(repetition.rest()).isEmpty();
  }

  @Test
  void mayLog_tooManyKinds_areOneKind() {
    int logged = 0;
    for (int i = 0; i < 5_000; i++) {
      var failure = new IllegalStateException("x");
      failure.setStackTrace(
          new StackTraceElement[] {new StackTraceElement("C" + i, "m", "C.java", i)});
      logged += repetition.mayLog(failure, now).mayLog() ? 1 : 0;
    }
    assertThat(logged).isBetween(1_000, 1_002);
    assertThat(repetition.rest()).contains(" x others");
  }

  @Test
  void mayLog_failureThatFailsItself_mayAlways() {
    var broken =
        new RuntimeException() {
          @Override
          public StackTraceElement[] getStackTrace() {
            throw new IllegalStateException("broken");
          }
        };
    for (int i = 0; i < 5; i++) {
      assertThat(repetition.mayLog(broken, now).mayLog()).isTrue();
    }
  }
}
