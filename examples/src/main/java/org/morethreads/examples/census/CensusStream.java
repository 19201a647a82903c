package org.morethreads.examples.census;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The same table by a parallel stream and nothing but the JDK, to compare: {@code
 * examples/census-stream [DB-FILE [INPUT]...]}. What Ctrl-C does to each is told in {@code
 * docs/census.md}.
 */
final class CensusStream {
  private static final int BATCH = 500;

  private final ClassDatabase database;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<ClassFacts> batch = new ArrayList<>(BATCH); // guarded by lock, like the next
  private int written;

  private CensusStream(ClassDatabase database) {
    this.database = database;
  }

  public static void main(String... arguments) throws Exception {
    String file = arguments.length == 0 ? "census.db" : arguments[0];
    List<String> inputs =
        arguments.length < 2
            ? List.of(ClassSource.JDK)
            : List.of(arguments).subList(1, arguments.length);
    try (ClassDatabase database = ClassDatabase.open(Path.of(file))) {
      database.createTable();
      System.err.println("census: ready");
      var found = new ArrayList<ClassSource.Found>();
      for (String input : inputs) {
        ClassSource.visit(input, found::add, CensusStream::fail);
      }
      var census = new CensusStream(database);
      found.parallelStream().forEach(census::parse);
      census.flush();
      System.out.println(
          found.size() + " class files seen, " + census.written + " rows written to " + file);
    }
  }

  private void parse(ClassSource.Found file) {
    ClassFacts row;
    try {
      row = ClassFacts.parse(file.home(), file.read());
    } catch (IOException | RuntimeException e) {
      fail(file.file(), e);
      return;
    }
    lock.lock();
    try {
      batch.add(row);
      if (batch.size() == BATCH) {
        flush();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("cannot write rows", e);
    } finally {
      lock.unlock();
    }
  }

  private void flush() throws SQLException {
    database.write(batch);
    written += batch.size();
    batch.clear();
  }

  private static void fail(String what, Exception failure) {
    System.err.println("census: " + what + ": " + failure);
  }
}
