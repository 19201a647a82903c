package org.morethreads.queue;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A bounded {@link CloseableQueue} in several capacities, on both kinds of threads. */
@ParameterizedClass
@MethodSource("cases")
class CloseableQueueContractTest extends BoundedQueueContract {
  private final int capacity;

  CloseableQueueContractTest(int capacity, Crew.Kind kind) {
    super(kind);
    this.capacity = capacity;
  }

  static Stream<Arguments> cases() {
    return Stream.of(1, 2, 10, 1024)
        .flatMap(
            capacity -> Stream.of(Crew.Kind.values()).map(kind -> Arguments.of(capacity, kind)));
  }

  @Override
  CloseableQueue<Integer> create() {
    return CloseableQueue.bounded("numbers", capacity);
  }
}
