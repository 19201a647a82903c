package org.morethreads.profiling;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;

/**
 * Keeps Flight Recorder alive until a profile is written. When user code calls {@code System.exit},
 * its own shutdown hook runs beside ours, ends all recordings and deletes what they consist of,
 * also under the hands of one who is just writing them.
 */
final class Guard implements FlightRecorderListener, AutoCloseable {
  /*
   * The hook stops first those recordings that are to be dumped on exit, in the order in which they were made, each on its own
   * thread, and tells listeners of it; only then it deletes. So there is a recording of nothing, made before the one that is
   * guarded, and nobody else ever stops it: who tells of its stop is the hook, which is held up here until the profile's recording
   * is in its file, or too long.
   */
  private static final long LONGEST_SECONDS = 15;

  private final Path file;
  private final Recording nothing = new Recording();
  private final CountDownLatch written = new CountDownLatch(1);

  private Guard(Path file) {
    this.file = file;
  }

  /**
   * Begins to guard.
   *
   * @param directory where the recording of nothing goes for a moment
   */
  static Guard begin(Path directory) throws IOException {
    Guard guard = new Guard(Files.createTempFile(directory, "exit", ".tmp"));
    boolean begun = false;
    try {
      guard.nothing.setName("More Threads: guard");
      guard.nothing.setDumpOnExit(true);
      guard.nothing.setDestination(guard.file);
      FlightRecorder.addListener(guard);
      guard.nothing.start();
      begun = true;
    } finally {
      if (!begun) {
        guard.close();
      }
    }
    return guard;
  }

  @Override
  public void recordingStateChanged(Recording recording) {
    if (recording == nothing && recording.getState() == RecordingState.STOPPED) {
      try {
        boolean _ = written.await(LONGEST_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // whoever interrupts a hook wants the JVM to end
      }
    }
  }

  /** Lets Flight Recorder end. */
  @Override
  public void close() throws IOException {
    FlightRecorder.removeListener(this);
    written.countDown();
    nothing.close();
    Files.deleteIfExists(file);
  }
}
