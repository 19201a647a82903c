package org.morethreads.stress.lincheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;

/** What one thread sees of a queue (Q1, Q3, Q5): the operations of {@link QueueOperations}. */
public abstract class QueueSpecification {
  private final int capacity;
  private final boolean unique;
  private final boolean prioritized;

  /** In the order in which they are taken. */
  private final List<Integer> inside = new ArrayList<>();

  private boolean closed;

  protected QueueSpecification(int capacity, boolean unique, boolean prioritized) {
    this.capacity = capacity;
    this.unique = unique;
    this.prioritized = prioritized;
  }

  private boolean isInside(int element) {
    return unique && inside.contains(element);
  }

  private int priority(int element) {
    return prioritized ? element : 0;
  }

  private void addLast(int element) {
    if (!isInside(element)) {
      int place = inside.size();
      while (place > 0 && priority(inside.get(place - 1)) < priority(element)) {
        place--;
      }
      inside.add(place, element);
    }
  }

  private void addFirst(int element) {
    if (!isInside(element)) {
      int place = 0;
      while (place < inside.size() && priority(inside.get(place)) > priority(element)) {
        place++;
      }
      inside.add(place, element);
    }
  }

  private static QueueClosedException isOver() {
    CloseableQueue<Integer> over = CloseableQueue.unbounded("over");
    over.close();
    try {
      over.putForced(0);
    } catch (QueueClosedException expected) {
      return expected;
    }
    throw new AssertionError("a closed queue takes elements");
  }

  private boolean isFull() {
    return inside.size() >= capacity;
  }

  public String offer(int element) {
    if (closed) {
      return "CLOSED";
    }
    if (isInside(element)) {
      return "DUPLICATE";
    }
    if (isFull()) {
      return "FULL";
    }
    addLast(element);
    return "ADDED";
  }

  public boolean put(int element) {
    return switch (offer(element)) {
      case "CLOSED" -> throw isOver();
      case "FULL" -> false;
      default -> true;
    };
  }

  public boolean putFirst(int element) {
    if (closed) {
      throw isOver();
    }
    if (isInside(element)) {
      return true;
    }
    if (isFull()) {
      return false;
    }
    addFirst(element);
    return true;
  }

  public boolean putAll(int element, int another) {
    if (closed) {
      throw isOver();
    }
    if (isInside(element) && isInside(another)) {
      return true;
    }
    if (isFull()) {
      return false;
    }
    addLast(element);
    addLast(another);
    return true;
  }

  public void putForced(int element) {
    if (closed && inside.isEmpty()) {
      throw isOver();
    }
    addLast(element);
  }

  public Integer poll() {
    return inside.isEmpty() ? null : inside.removeFirst();
  }

  public Integer pollAWhile() {
    return poll();
  }

  public List<Integer> drain() {
    List<Integer> all = List.copyOf(inside);
    inside.clear();
    return all;
  }

  public boolean remove(int element) {
    return inside.remove((Integer) element);
  }

  public int size() {
    return inside.size();
  }

  public void close() {
    closed = true;
  }

  public boolean isClosed() {
    return closed;
  }

  public boolean isDrained() {
    return closed && inside.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof QueueSpecification its
        && its.closed == closed
        && its.inside.equals(inside);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inside, closed);
  }
}
