package org.morethreads.queue;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** An unbounded {@link CloseableQueue} on both kinds of threads. */
@ParameterizedClass
@EnumSource(Crew.Kind.class)
class UnboundedQueueContractTest extends QueueContract {
  UnboundedQueueContractTest(Crew.Kind kind) {
    super(kind);
  }

  @Override
  CloseableQueue<Integer> create() {
    return CloseableQueue.unbounded("numbers");
  }
}
