package org.morethreads.queue;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An unbounded {@link CloseableQueue} with several options, on both kinds of threads. */
@ParameterizedClass
@MethodSource("cases")
class UnboundedQueueContractTest extends QueueContract {
  private final Flavour flavour;

  UnboundedQueueContractTest(Flavour flavour, Crew.Kind kind) {
    super(kind);
    this.flavour = flavour;
  }

  static Stream<Arguments> cases() {
    return Stream.of(Flavour.values())
        .flatMap(flavour -> Stream.of(Crew.Kind.values()).map(kind -> Arguments.of(flavour, kind)));
  }

  @Override
  CloseableQueue<Integer> create() {
    return flavour.create("numbers", Integer.MAX_VALUE);
  }
}
