package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.examples.procrun.ProcrunRun.Result;

/** The sample that is shipped, in a place of its own and at a free port. */
@Timeout(180)
class ProcrunSampleTest {
  @TempDir Path directory;

  @BeforeEach
  void copySample() throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    try (Stream<Path> files = Files.list(Path.of("sample"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file).replace("8123", Integer.toString(port));
        Files.writeString(directory.resolve(file.getFileName()), text);
      }
    }
  }

  @Test
  void sample_runsInOrder_andStopsInOrder_withAllJobsDone() throws Exception {
    assertThat(ProcrunRun.run(directory, "check").status()).isZero();
    try (var run = ProcrunRun.start(directory)) {
      run.await("worker-1 +\\| job 1 is done", "worker-2 +\\| job 1 is done", "ticker +\\| tick 3");
      run.await("report +\\| \\d+ jobs done so far");
      Result result = run.signal("INT").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      assertThat(result.indexOf("migrate +\\* ended: exit code 0"))
          .isLessThan(result.indexOf("web +\\* starting"));
      assertThat(result.indexOf("web +\\* ready"))
          .isLessThan(result.indexOf("worker-1 +\\* starting"));
      for (String worker : new String[] {"worker-1", "worker-2"}) {
        assertThat(result.of(worker, "|").getLast()).isEqualTo("no more work for me");
        assertThat(result.of(worker, "*").getLast()).isEqualTo("ended: exit code 0");
        assertThat(result.indexOf(worker + " +\\* ended"))
            .isLessThan(result.indexOf("web +\\* stopping"));
        assertThat(Files.readAllLines(directory.resolve("site/done.txt")))
            .filteredOn(it -> it.startsWith(worker))
            .hasSameSizeAs(
                result.of(worker, "|").stream().filter(it -> it.endsWith("is done")).toList());
      }
      run.awaitNoSurvivor();
    }
  }
}
