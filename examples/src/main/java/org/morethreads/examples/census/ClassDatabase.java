package org.morethreads.examples.census;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The table of classes in an SQLite file, made anew. Used by one thread at a time. */
record ClassDatabase(Connection connection) implements AutoCloseable {
  private static final String MOST_SYNCHRONIZED =
      """
      with top as (select package, count(*) as size, sum(synchronized_methods + monitor_enters) as n
        from classes group by package having n > 0 order by n desc, package limit 10)
      select coalesce(group_concat(format('  %6d  %s (%d classes)', n, package, size), char(10)), '')
      from top\
      """;

  static ClassDatabase open(Path file) throws SQLException {
    return new ClassDatabase(DriverManager.getConnection("jdbc:sqlite:" + file));
  }

  /** Takes the file for itself alone, lest a second census mix its rows with ours. */
  void createTable() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("pragma locking_mode = exclusive");
      statement.execute("drop table if exists classes");
      statement.execute("create table classes (" + ClassFacts.COLUMNS + ")");
    }
    connection.setAutoCommit(false);
  }

  /** Writes rows, all or none; after a failure there is nothing to do but to close. */
  void write(List<ClassFacts> rows) throws SQLException {
    String places = ClassFacts.COLUMNS.replaceAll("[^,]+", "?");
    try (var insert = connection.prepareStatement("insert into classes values (" + places + ")")) {
      for (ClassFacts row : rows) {
        Object[] values = row.values();
        for (int i = 0; i < values.length; i++) {
          insert.setObject(i + 1, values[i]);
        }
        insert.addBatch();
      }
      insert.executeBatch();
    }
    connection.commit();
  }

  /** The ten packages with most synchronized methods and blocks, a line each. */
  String mostSynchronized() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeQuery(MOST_SYNCHRONIZED).getString(1);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
