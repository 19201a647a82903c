package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Run by {@link ManagedThreadsExtensionTest}. */
class PlantedPlain {
  @Test
  void belongsToNobody() {
    assertThat(Ownership.current()).isNull();
  }
}
