package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the system properties ask for where there is nobody who could do it: the module profiling,
 * which does, is not on the path of these tests.
 */
class StartupTest {
  private final List<String> heard = new ArrayList<>();
  private @Nullable String profile;
  private @Nullable String diagnostics;

  @BeforeEach
  void listen() {
    profile = System.clearProperty(Startup.PROFILE);
    diagnostics = System.clearProperty(Startup.DIAGNOSTICS);
    Log.setListener((level, message, _) -> heard.add(level + " " + message));
  }

  @AfterEach
  void listenNoMore() {
    Log.setListener(null);
    set(Startup.PROFILE, profile);
    set(Startup.DIAGNOSTICS, diagnostics);
  }

  private static void set(String key, @Nullable String value) {
    if (value == null) {
      System.clearProperty(key);
    } else {
      System.setProperty(key, value);
    }
  }

  @Test
  void runIfWanted_nothingAsked_saysNothing() {
    Startup.runIfWanted();
    assertThat(heard).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "", "yes"})
  void runIfWanted_diagnosticsNotTrue_saysNothing(String value) {
    System.setProperty(Startup.DIAGNOSTICS, value);
    Startup.runIfWanted();
    assertThat(heard).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    Startup.PROFILE + ", /nowhere",
    Startup.DIAGNOSTICS + ", true",
  })
  void runIfWanted_nobodyIsThere_saysWhichPropertyHasNoEffect(String key, String value) {
    System.setProperty(key, value);
    Startup.runIfWanted();
    assertThat(heard)
        .singleElement()
        .asString()
        .startsWith("WARNING The system property " + key + " has no effect")
        .contains("more-threads-profiling");
  }
}
