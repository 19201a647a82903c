package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The view, method by method, against what {@code BlockingQueue} promises, of every kind of queue.
 */
@ParameterizedClass
@EnumSource(Flavour.class)
class BlockingViewTest {
  private final Flavour flavour;
  private final CloseableQueue<Integer> queue;
  private final BlockingQueue<Integer> view;
  private final Crew crew = new Crew(Crew.Kind.VIRTUAL);

  BlockingViewTest(Flavour flavour) {
    this.flavour = flavour;
    this.queue = flavour.create("numbers", 3);
    this.view = queue.asBlockingQueue();
  }

  @AfterEach
  void end() throws Exception {
    crew.join();
  }

  @Test
  void asBlockingQueue_calledAgain_isTheSame() {
    assertThat(queue.asBlockingQueue()).isSameAs(view);
  }

  // ---- putting

  @Test
  void add_full_throws() {
    assertThat(view.add(1)).isTrue();
    assertThat(view.addAll(List.of(2, 3))).isTrue();
    assertThatThrownBy(() -> view.add(4))
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(QueueClosedException.class)
        .hasMessageContaining("full");
    assertThat(view).containsExactly(1, 2, 3);
  }

  @Test
  void addAll_itself_throws() {
    view.add(1);
    Collection<Integer> itself = view;
    assertThatThrownBy(() -> view.addAll(itself)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> queue.putAll(view)).isInstanceOf(IllegalArgumentException.class);
    assertThat(view).containsExactly(1);
  }

  @Test
  void offer_full_returnsFalse() throws Exception {
    assertThat(view.offer(1)).isTrue();
    assertThat(view.offer(2, 1, TimeUnit.DAYS)).isTrue();
    assertThat(view.offer(3, -1, TimeUnit.DAYS)).isTrue();
    assertThat(view.offer(4)).isFalse();
    assertThat(view.offer(4, 0, TimeUnit.DAYS)).isFalse();
    assertThat(view.offer(4, 2, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(view).containsExactly(1, 2, 3);
  }

  @Test
  void put_full_waits() throws Exception {
    view.addAll(List.of(1, 2, 3));
    var putter =
        crew.startBlocked(() -> {
          view.put(4);
          return true;
        });
    var offerer = crew.startBlocked(() -> view.offer(5, Long.MAX_VALUE, TimeUnit.DAYS));
    assertThat(view.take()).isEqualTo(1);
    assertThat(view.take()).isEqualTo(2);
    assertThat(putter.result()).isTrue();
    assertThat(offerer.result()).isTrue();
    assertThat(view).containsExactlyInAnyOrder(3, 4, 5);
  }

  @Test
  void everyWayToPut_null_throws() {
    assertThatThrownBy(() -> view.add(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> view.offer(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> view.put(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> view.offer(null, 1, TimeUnit.SECONDS))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> view.addAll(null)).isInstanceOf(NullPointerException.class);
    assertThat(view).isEmpty();
  }

  // ---- taking

  @Test
  void takers_elementsInside_returnTheOldest() throws Exception {
    view.addAll(List.of(1, 2, 3));
    assertThat(view.peek()).isEqualTo(1);
    assertThat(view.element()).isEqualTo(1);
    assertThat(view.remove()).isEqualTo(1);
    assertThat(view.poll()).isEqualTo(2);
    assertThat(view.poll(0, TimeUnit.DAYS)).isEqualTo(3);
    view.add(4);
    assertThat(view.take()).isEqualTo(4);
  }

  @Test
  void takers_empty_sayNo() throws Exception {
    assertThat(view.peek()).isNull();
    assertThat(view.poll()).isNull();
    assertThat(view.poll(1, TimeUnit.MILLISECONDS)).isNull();
    assertThatThrownBy(view::remove).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(view::element).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void blockingMethods_interrupted_throw() throws Exception {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> view.put(1)).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> view.offer(1, 0, TimeUnit.DAYS))
        .isInstanceOf(InterruptedException.class);
    view.add(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(view::take).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> view.poll(0, TimeUnit.DAYS)).isInstanceOf(InterruptedException.class);
    assertThat(view).containsExactly(1);
  }

  @Test
  void drainTo_some_movesTheOldest() {
    view.addAll(List.of(1, 2, 3));
    List<Number> target = new ArrayList<>();
    assertThat(view.drainTo(target, 0)).isZero();
    assertThat(view.drainTo(target, 2)).isEqualTo(2);
    assertThat(view.drainTo(target)).isEqualTo(1);
    assertThat(view.drainTo(target)).isZero();
    assertThat(target).containsExactly(1, 2, 3);
  }

  @Test
  void drainTo_nullOrItself_throws() {
    view.add(1);
    assertThatThrownBy(() -> view.drainTo(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> view.drainTo(view)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> view.drainTo(view, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(view).containsExactly(1);
  }

  // ---- looking and removing

  @Test
  void remainingCapacity_changes() {
    assertThat(view.remainingCapacity()).isEqualTo(3);
    view.add(1);
    assertThat(view.remainingCapacity()).isEqualTo(2);
    assertThat(CloseableQueue.unbounded("any").asBlockingQueue().remainingCapacity())
        .isEqualTo(Integer.MAX_VALUE);
    assertThat(view.size()).isEqualTo(1);
    queue.close();
    assertThat(view.remainingCapacity()).isZero();
  }

  @Test
  void putAll_exceedsTheCapacity_remainingIsNotNegative() throws Exception {
    queue.putAll(List.of(1, 2, 3, 4, 5));
    assertThat(view.remainingCapacity()).isZero();
    assertThat(view.offer(6)).isFalse();
  }

  @Test
  void remove_element_removesOneAndMakesRoom() throws Exception {
    view.addAll(List.of(1000, 2000, 4000));
    var putter = crew.startBlocked(() -> queue.put(3000, QueueContract.LONG));
    assertThat(view.contains(1000)).isTrue();
    assertThat(view.contains(5000)).isFalse();
    assertThat(view.remove(5000)).isFalse();
    assertThat(view.remove(1000)).isTrue();
    assertThat(putter.result()).isTrue();
    assertThat(view).containsExactly(2000, 4000, 3000);
  }

  /** Of equal elements the oldest is removed; a unique queue has not taken the second one. */
  @Test
  void addAndRemove_equalElements_areThoseInside() throws Exception {
    boolean unique = flavour == Flavour.UNIQUE;
    assertThat(view.add(1000)).isTrue();
    assertThat(view.add(2000)).isTrue();
    assertThat(view.add(1000)).isEqualTo(!unique);
    assertThat(view.remove(1000)).isTrue();
    assertThat(view.remove(1000)).isEqualTo(!unique);
    assertThat(view).containsExactly(2000);
    assertThat(view.offer(2000)).isEqualTo(!unique);
    assertThat(view.offer(2000, 0, TimeUnit.DAYS)).isEqualTo(!unique);
    view.clear();
    view.put(2000);
    view.put(2000);
    assertThat(view).hasSize(unique ? 1 : 2).containsOnly(2000);
  }

  @Test
  void containsAndRemove_null_returnFalse() {
    view.add(1);
    assertThat(view.contains(null)).isFalse();
    assertThat(view.remove(null)).isFalse();
  }

  @Test
  void clear_elementsInside_makesRoom() throws Exception {
    view.addAll(List.of(1, 2, 3));
    var putter = crew.startBlocked(() -> queue.put(4, QueueContract.LONG));
    view.clear();
    assertThat(putter.result()).isTrue();
    assertThat(view).containsExactly(4);
  }

  @Test
  void bulkRemovals_elementsInside_removeThose() {
    view.addAll(List.of(1, 2, 3));
    assertThat(view.removeIf(element -> element == 2)).isTrue();
    assertThat(view).containsExactly(1, 3);
    assertThat(view.removeAll(List.of(1))).isTrue();
    assertThat(view.retainAll(List.of(3))).isFalse();
    assertThat(view.containsAll(List.of(3))).isTrue();
    assertThat(view).containsExactly(3);
  }

  @Test
  void toArray_elementsInside_copies() {
    view.addAll(List.of(1, 2));
    Object[] copy = view.toArray();
    assertThat(copy).containsExactly(1, 2);
    copy[0] = "changed";
    assertThat(view.toArray(new Integer[0])).containsExactly(1, 2);
    Integer[] large = {7, 8, 9};
    assertThat(view.toArray(large)).isSameAs(large).containsExactly(1, 2, null);
    assertThat(view).hasToString("[1, 2]");
    assertThat(view.stream().mapToInt(Integer::intValue).sum()).isEqualTo(3);
  }

  // ---- the iterator

  @Test
  void iterator_changesMeanwhile_isWeaklyConsistent() {
    view.addAll(List.of(1, 2, 3));
    Iterator<Integer> iterator = view.iterator();
    assertThat(iterator.next()).isEqualTo(1);
    assertThat(view.poll()).isEqualTo(1);
    view.add(4);
    assertThat(iterator.next()).isEqualTo(2);
    assertThat(iterator.next()).isEqualTo(3);
    assertThat(iterator.hasNext()).isFalse();
    assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
    assertThat(view).containsExactly(2, 3, 4);
  }

  @Test
  void iteratorRemove_sameObjectTwice_removesThatOccurrence() {
    Integer same = 1000;
    CloseableQueue<Integer> any =
        (flavour == Flavour.UNIQUE ? Flavour.PLAIN : flavour).create("any", 3);
    BlockingQueue<Integer> view = any.asBlockingQueue();
    view.addAll(List.of(same, 2, same));
    Iterator<Integer> iterator = view.iterator();
    assertThatThrownBy(iterator::remove).isInstanceOf(IllegalStateException.class);
    iterator.next();
    iterator.next();
    iterator.next();
    iterator.remove();
    assertThatThrownBy(iterator::remove).isInstanceOf(IllegalStateException.class);
    assertThat(view).containsExactly(same, 2);
  }

  @Test
  void iteratorRemove_otherChangesMeanwhile_removesItsElementOrNothing() {
    view.addAll(List.of(1, 2, 3));
    Iterator<Integer> iterator = view.iterator();
    iterator.next();
    view.poll();
    iterator.remove(); // it has been taken
    assertThat(view).containsExactly(2, 3);
    iterator.next();
    iterator.remove();
    assertThat(view).containsExactly(3);
    Iterator<Integer> other = view.iterator();
    other.next();
    view.add(4);
    view.remove(3);
    view.add(5);
    other.remove(); // it has been removed
    assertThat(view).containsExactly(4, 5);
    iterator.next();
    iterator.remove();
    assertThat(view).containsExactly(4, 5);
  }

  /** One whose element was gone has removed nothing from inside, where others have. */
  @Test
  void iteratorRemove_takenOneAndAnotherRemovedInside_removesItsNext() {
    view.addAll(List.of(1, 2, 3));
    Iterator<Integer> iterator = view.iterator();
    iterator.next();
    view.poll();
    iterator.remove(); // it has been taken
    view.remove(3);
    iterator.next();
    iterator.remove();
    assertThat(view).isEmpty();
  }

  @Test
  void iteratorRemove_anotherRemovedInsideAndOneTaken_removesItsNext() {
    view.addAll(List.of(1, 2, 3));
    Iterator<Integer> iterator = view.iterator();
    iterator.next();
    view.remove(3); // so the iterator has to search
    view.poll();
    iterator.remove(); // it has been taken
    iterator.next();
    iterator.remove();
    assertThat(view).isEmpty();
  }

  @Test
  void iteratorRemove_all_emptiesAndDrains() {
    view.addAll(List.of(1, 2, 3));
    queue.close();
    for (Iterator<Integer> iterator = view.iterator(); iterator.hasNext(); ) {
      iterator.next();
      iterator.remove();
    }
    assertThat(view).isEmpty();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  // ---- after the end

  @Test
  void closed_methodsThatCanSayNo_do() throws Exception {
    view.add(1);
    queue.close();
    assertThat(view.offer(2)).isFalse();
    assertThat(view.offer(2, 1, TimeUnit.DAYS)).isFalse();
    assertThat(view.poll(1, TimeUnit.DAYS)).isEqualTo(1);
    assertThat(view.poll(1, TimeUnit.DAYS)).isNull();
    assertThat(view.poll()).isNull();
    assertThat(view.peek()).isNull();
  }

  @Test
  void closed_methodsThatCannotSayNo_throw() {
    queue.close();
    assertThatThrownBy(() -> view.add(1)).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(() -> view.put(1)).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(view::take).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(view::remove).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(view::element).isInstanceOf(NoSuchElementException.class);
  }

  /** An element whose equals uses the queue: user code runs without the mutex. */
  @Test
  void contains_equalsUsesTheQueue_works() {
    CloseableQueue<Object> any = CloseableQueue.unbounded("any");
    Object nosy =
        new Object() {
          @Override
          public boolean equals(Object other) {
            return any.size() == 2 && other == this;
          }

          @Override
          public int hashCode() {
            return 1;
          }
        };
    any.offer("first");
    any.offer(nosy);
    assertThat(any.asBlockingQueue().contains(nosy)).isTrue();
    assertThat(any.asBlockingQueue().remove(nosy)).isTrue();
    assertThat(any.drain()).containsExactly("first");
  }

  @Test
  void threadPool_usesTheView_runsEverything() throws Exception {
    CloseableQueue<Runnable> work = CloseableQueue.unbounded("work");
    AtomicInteger ran = new AtomicInteger();
    try (var pool = new ThreadPoolExecutor(2, 2, 1, TimeUnit.SECONDS, work.asBlockingQueue())) {
      for (int i = 0; i < 1000; i++) {
        pool.execute(ran::incrementAndGet);
      }
    }
    assertThat(ran).hasValue(1000);
  }
}
