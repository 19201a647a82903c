package org.morethreads.queue;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A bounded {@link CloseableQueue} in several capacities and with several options, on both kinds of
 * threads.
 */
@ParameterizedClass
@MethodSource("cases")
class CloseableQueueContractTest extends BoundedQueueContract {
  private final int capacity;
  private final Flavour flavour;

  CloseableQueueContractTest(int capacity, Flavour flavour, Crew.Kind kind) {
    super(kind);
    this.capacity = capacity;
    this.flavour = flavour;
  }

  static Stream<Arguments> cases() {
    return Stream.of(1, 2, 10, 1024)
        .flatMap(capacity ->
            Stream.of(Flavour.values())
                .flatMap(flavour ->
                    Stream.of(Crew.Kind.values())
                        .map(kind -> Arguments.of(capacity, flavour, kind))));
  }

  @Override
  CloseableQueue<Integer> create() {
    return flavour.create("numbers", capacity);
  }
}
