package org.morethreads.logging;

import java.lang.System.Logger.Level;
import java.util.Map;

/**
 * What a {@link LogWriter} has done so far.
 *
 * @param written how many records the sink has taken
 * @param pending how many wait to be taken, or for the flush after it
 * @param lost how many were lost: the sink failed, or did not take them in the end
 * @param dropped how many were dropped by level, as the writer was told to
 * @param peak how many have waited at a time, at most
 * @param stalls how often a caller had to wait for room
 * @since 0.1
 */
public record LogStatistics(
    long written, long pending, long lost, Map<Level, Long> dropped, long peak, long stalls) {
  /** Keeps a copy of the map. */
  public LogStatistics {
    dropped = Map.copyOf(dropped);
  }
}
