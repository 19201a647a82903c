package org.morethreads.stress.lincheck;

import java.time.Duration;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.morethreads.queue.CloseableQueue;

/**
 * What any queue can do without waiting. Waits are for the controlled scheduler: an operation that
 * waits for another has no place in a sequential specification.
 */
@Param(name = "element", gen = IntGen.class, conf = "1:3")
public abstract class QueueOperations {
  private final CloseableQueue<Integer> queue;

  protected QueueOperations(CloseableQueue<Integer> queue) {
    this.queue = queue;
  }

  @Operation
  public String offer(@Param(name = "element") int element) {
    return queue.offer(element).name();
  }

  @Operation
  public boolean put(@Param(name = "element") int element) throws InterruptedException {
    return queue.put(element, Duration.ZERO);
  }

  @Operation
  public boolean putFirst(@Param(name = "element") int element) throws InterruptedException {
    return queue.putFirst(element, Duration.ZERO);
  }

  @Operation
  public boolean putAll(@Param(name = "element") int element, @Param(name = "element") int another)
      throws InterruptedException {
    return queue.putAll(List.of(element, another), Duration.ZERO);
  }

  @Operation
  public void putForced(@Param(name = "element") int element) {
    queue.putForced(element);
  }

  @Operation
  public Integer poll() {
    return queue.poll();
  }

  @Operation
  public Integer pollAWhile() throws InterruptedException {
    return queue.poll(Duration.ZERO);
  }

  @Operation
  public List<Integer> drain() {
    return queue.drain();
  }

  @Operation
  public boolean remove(@Param(name = "element") int element) {
    return queue.asBlockingQueue().remove(element);
  }

  @Operation
  public int size() {
    return queue.size();
  }

  @Operation
  public void close() {
    queue.close();
  }

  @Operation
  public boolean isClosed() {
    return queue.closed().isSignalled();
  }

  @Operation
  public boolean isDrained() {
    return queue.drained().isSignalled();
  }
}
