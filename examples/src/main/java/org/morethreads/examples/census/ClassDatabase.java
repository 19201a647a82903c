package org.morethreads.examples.census;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The table of classes in an SQLite file, made anew. Used by one thread at a time. */
final class ClassDatabase implements AutoCloseable {
  private final Connection connection;
  private final PreparedStatement insert;

  private ClassDatabase(Connection connection, PreparedStatement insert) {
    this.connection = connection;
    this.insert = insert;
  }

  static ClassDatabase create(Path file) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    try (Statement statement = connection.createStatement()) {
      statement.execute("pragma journal_mode = wal");
      statement.execute("drop table if exists classes");
      statement.execute(
          "create table classes (home text, package text, name text, bytes integer, methods integer,"
              + " fields integer, natives integer, synchronized_methods integer,"
              + " monitor_enters integer, uses_unsafe integer)");
      connection.setAutoCommit(false);
      return new ClassDatabase(
          connection,
          connection.prepareStatement("insert into classes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Writes rows, all or none. */
  void write(List<ClassFacts> rows) throws SQLException {
    try {
      for (ClassFacts row : rows) {
        insert.setString(1, row.home());
        insert.setString(2, row.packageName());
        insert.setString(3, row.name());
        insert.setInt(4, row.bytes());
        insert.setInt(5, row.methods());
        insert.setInt(6, row.fields());
        insert.setInt(7, row.natives());
        insert.setInt(8, row.synchronizedMethods());
        insert.setInt(9, row.monitorEnters());
        insert.setBoolean(10, row.usesUnsafe());
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
    } catch (SQLException e) {
      insert.clearBatch();
      connection.rollback();
      throw e;
    }
  }

  /** The packages with most synchronized methods and blocks. */
  static List<String> mostSynchronized(Path file, int count) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        PreparedStatement select =
            connection.prepareStatement(
                "select package, sum(synchronized_methods + monitor_enters) as syncs, count(*)"
                    + " from classes group by package having syncs > 0 order by syncs desc, package"
                    + " limit ?")) {
      select.setInt(1, count);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          lines.add(
              String.format(
                  "  %6d  %s (%d classes)", rows.getInt(2), rows.getString(1), rows.getInt(3)));
        }
      }
    }
    return lines;
  }

  @Override
  public void close() throws SQLException {
    insert.close();
    connection.close();
  }
}
