package org.morethreads.logging.log4j;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.filter.AbstractFilter;
import org.apache.logging.log4j.core.filter.AbstractFilterable;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogWriter;

/**
 * Lets the records that wait be written before the appender that they go to is stopped.
 *
 * <p>Log4j stops the appenders of a configuration in the order of a hash map, so that by the names
 * it may be the file before the writer. An appender stops its filters before it closes what it
 * writes to: so this is a filter of it, which lets everything through.
 */
final class Guard extends AbstractFilter {
  private static final Duration LONGEST = Duration.ofSeconds(8);

  private final AbstractFilterable target;
  private final LogWriter<?> writer;

  private Guard(AbstractFilterable target, LogWriter<?> writer) {
    this.target = target;
    this.writer = writer;
  }

  /** Puts one over an appender; null when that has no filters. */
  static @Nullable Guard over(Appender appender, LogWriter<?> writer) {
    if (!(appender instanceof AbstractFilterable target)) {
      return null;
    }
    Guard guard = new Guard(target, writer);
    guard.start();
    target.addFilter(guard);
    return guard;
  }

  /** The writer has been closed. */
  void leave() {
    target.removeFilter(this);
  }

  @Override
  public boolean stop(long timeout, TimeUnit unit) {
    boolean _ = writer.awaitWritten(LONGEST); // what is not, is lost and counted
    return super.stop(timeout, unit);
  }
}
