package org.morethreads.queue;

import java.time.Duration;

/** The options of a queue that must not change what it does with different elements. */
enum Flavour {
  PLAIN {
    @Override
    <E> CloseableQueue<E> create(String name, int capacity) {
      return CloseableQueue.<E>named(name).capacity(capacity).create();
    }
  },
  WATCHED {
    @Override
    <E> CloseableQueue<E> create(String name, int capacity) {
      return CloseableQueue.<E>named(name)
          .capacity(capacity)
          .warnWhenFullFor(Duration.ofMinutes(10))
          .onUndelivered(element -> {
            throw new AssertionError("undelivered: " + element);
          })
          .create();
    }
  },
  PRIORITY {
    @Override
    <E> CloseableQueue<E> create(String name, int capacity) {
      return CloseablePriorityQueue.<E>named(name).capacity(capacity).priorityBy(_ -> 7).create();
    }
  },
  AGEING {
    @Override
    <E> CloseableQueue<E> create(String name, int capacity) {
      return CloseablePriorityQueue.<E>named(name)
          .capacity(capacity)
          .ageing(Duration.ofNanos(1))
          .warnWhenFullFor(Duration.ofMinutes(10))
          .onUndelivered(element -> {
            throw new AssertionError("undelivered: " + element);
          })
          .create();
    }
  },
  UNIQUE {
    @Override
    <E> CloseableQueue<E> create(String name, int capacity) {
      return CloseableQueue.<E>named(name).capacity(capacity).unique().create();
    }
  };

  /** Makes a queue. */
  abstract <E> CloseableQueue<E> create(String name, int capacity);
}
