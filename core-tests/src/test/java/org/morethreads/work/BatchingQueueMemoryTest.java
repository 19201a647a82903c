package org.morethreads.work;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.fixture.ChildJvm;
import org.morethreads.sync.Signal;

/** Q6: what a batching queue has accepted is not lost when there is no memory for a batch. */
@Timeout(60)
class BatchingQueueMemoryTest {
  private static final int MANY = 2_000_000;

  /**
   * Fills its heap while the sink has the first batch, but for less than the list of the next one
   * needs. When the queue closes, for want of memory, there is some again.
   */
  static final class Program {
    private static final byte[][] FILLER = new byte[1000][];

    private Program() {}

    public static void main(String[] arguments) throws Exception {
      var begun = Signal.create("begun");
      var goOn = Signal.create("go on");
      var queue =
          BatchingQueue.<Integer>named("rows")
              .size(2 * MANY)
              .capacity(2 * MANY)
              .onUndelivered((elements, why) ->
                  System.out.println(elements.size() + " given back: " + why.getMessage()))
              .start(batch -> {
                System.out.println(batch.size() + " delivered");
                begun.go();
                goOn.await();
              });
      queue.closed().then(() -> Arrays.fill(FILLER, null));
      queue.put(1);
      queue.flush();
      begun.await();
      queue.putAll(Collections.nCopies(MANY, 2)); // all the same: only lists of them take memory
      fillTheHeap();
      goOn.go();
      queue.stopped().await();
      System.out.println("ended with " + queue.statistics().waiting() + " inside");
      System.exit(0);
    }

    private static void fillTheHeap() {
      try {
        for (int i = 0; i < FILLER.length; i++) {
          FILLER[i] = new byte[1 << 20];
        }
      } catch (OutOfMemoryError isFull) {
        FILLER[0] = null; // for what everybody needs all the time
        FILLER[1] = null;
      }
    }
  }

  @Test
  void put_noMemoryForTheListOfABatch_allIsGivenBack() throws Exception {
    try (var jvm = ChildJvm.start(Program.class)) {
      jvm.end()
          .isStatus(0, 40)
          .says("1 delivered", MANY + " given back: Java heap space", "ended with 0 inside");
    }
  }
}
