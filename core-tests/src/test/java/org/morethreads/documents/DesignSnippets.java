package org.morethreads.documents;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;

/** What users write: the programs that the library was designed for. */
final class DesignSnippets {
  final List<URI> fetched = Collections.synchronizedList(new ArrayList<>());
  final Database db = new Database();
  final Quotes a = () -> 100;
  final Quotes b = () -> 101;

  record Row(String text) {}

  interface Quotes {
    int quote() throws InterruptedException;
  }

  static final class Database {
    final List<Row> written = new ArrayList<>();

    void write(Row row) {
      written.add(row);
    }
  }

  void fetch(URI uri) {
    fetched.add(uri);
  }

  void beat() {}

  void workLoop(List<URI> uris) throws InterruptedException {
    var todo = CloseableQueue.<URI>bounded("todo", 100);
    var worker =
        // @start region=work-loop
        ManagedThread.run(
            "worker",
            pleaseStop -> {
              for (var uri : todo) {
                fetch(uri);
              }
            }); // to the end of the queue
    // @end region=work-loop
    try (todo) {
      todo.putAll(uris);
    }
    worker.join();
  }

  ManagedThread<?> interval() {
    return
    // @start region=interval
    ManagedThread.run(
        "beat",
        pleaseStop -> {
          while (!pleaseStop.await(Duration.ofSeconds(5))) {
            beat();
          }
        });
    // @end region=interval
  }

  int race() throws InterruptedException, TimeoutException {
    // @start region=race
    var price = Scope.race("price", Duration.ofSeconds(2), stop -> a.quote(), stop -> b.quote());
    // @end region=race
    return price;
  }

  void etl(Iterator<Row> in) throws InterruptedException {
    // @start region=etl
    Scope.run(
        "etl",
        scope -> {
          var rows = CloseableQueue.<Row>bounded("rows", 1000);
          scope.run(
              "sink",
              stop -> {
                for (var row : rows) {
                  db.write(row);
                }
              });
          scope.run(
              "source",
              stop -> {
                try (rows) {
                  while (!stop.isSignalled() && in.hasNext()) {
                    rows.put(in.next(), stop);
                  }
                }
              });
        });
    // @end region=etl
  }
}
