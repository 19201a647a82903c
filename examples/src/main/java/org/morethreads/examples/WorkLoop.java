package org.morethreads.examples;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.thread.Scope;

/** Workers that loop over a queue to its end: closing it is all that ends them. */
public class WorkLoop {
  public static void main(String... arguments) throws InterruptedException {
    var texts = List.of("the end of a queue", "is a state", "and not an element");
    var words = new LongAdder();
    Scope.run(
        "count",
        scope -> {
          CloseableQueue<String> todo = CloseableQueue.bounded("todo", 2);
          for (int i = 1; i <= 3; i++) {
            scope.run(
                "worker-" + i,
                pleaseStop -> {
                  for (var text : todo) { // takes, until it is closed and empty
                    words.add(text.split(" ", -1).length);
                  }
                });
          }
          try (todo) {
            todo.putAll(texts);
          }
        }); // waits for the workers
    System.out.println(words + " words");
  }
}
