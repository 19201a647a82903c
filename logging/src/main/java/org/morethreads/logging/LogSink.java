package org.morethreads.logging;

import java.io.IOException;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link LogWriter} writes to: a file, a connection, an appender of a logging framework.
 *
 * <p><b>Thread safety.</b> All methods are called by the thread of the writer, one at a time; they
 * need no synchronization. Nobody else interrupts that thread.
 *
 * <p><b>Errors.</b> A call that throws has not written its record: the writer tries again for a
 * while, then counts it as lost. A call that blocks holds up the log, and in the end those who log.
 *
 * @param <R> the type of the records
 * @since 0.1
 */
@FunctionalInterface
public interface LogSink<R> extends AutoCloseable {
  /**
   * Takes one record. It may be kept in a buffer until {@link #flush}.
   *
   * @param record the record
   * @throws LostException if it was not taken, and others are lost that were, as many as it says;
   *     the same record is offered again
   * @throws Exception if it was not taken; the same record is offered again
   */
  void write(R record) throws Exception;

  /**
   * Brings what was taken to where it survives the end of the JVM. Called when nothing more is
   * waiting, once a second at least while there is always more, and for each record once the
   * program ends.
   *
   * @throws LostException if what was taken since the last flush is lost, as far as it says
   * @throws Exception if some of it is not there yet; called again
   */
  default void flush() throws Exception {}

  /**
   * Ends. Called once, last of all, when the writer is closed by its user. Not called at the end of
   * the program, since there may always be one more who logs.
   *
   * @throws IOException if it fails
   */
  @Override
  default void close() throws IOException {}

  /**
   * Returns a sink of other records that makes each into one of this sink's.
   *
   * @param <Q> the type of the other records
   * @param function makes the records; runs on the writer's thread
   * @return the sink, which flushes and closes this one
   */
  default <Q> LogSink<Q> formatting(Function<? super Q, ? extends R> function) {
    Objects.requireNonNull(function, "function");
    LogSink<R> sink = this;
    return new LogSink<>() {
      @Override
      public void write(Q record) throws Exception {
        sink.write(function.apply(record));
      }

      @Override
      public void flush() throws Exception {
        sink.flush();
      }

      @Override
      public void close() throws IOException {
        sink.close();
      }
    };
  }

  /**
   * Thrown by {@link #flush}, and by {@link #write} of a later record, when records are lost that
   * {@link #write} had taken, and cannot be tried again.
   *
   * @since 0.1
   */
  final class LostException extends Exception {
    private static final long serialVersionUID = 1L;

    /** How many records are lost. */
    private final long count;

    /**
     * Makes one.
     *
     * @param count how many are lost
     * @param message what has happened
     * @param cause why, or null
     */
    public LostException(long count, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.count = count;
    }

    /** {@return how many are lost} */
    public long count() {
      return count;
    }
  }
}
