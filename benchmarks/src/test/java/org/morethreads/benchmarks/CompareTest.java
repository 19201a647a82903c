package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.benchmarks.Compare.Change;
import org.morethreads.benchmarks.Compare.Figure;
import org.morethreads.benchmarks.Compare.Run;

/** That a change is told from noise, and from a machine that was slower. */
class CompareTest {
  @TempDir Path directory;

  private static Figure figure(String who, double median, double width) {
    return new Figure("what", who, "ns/op", median, median - width, median + width);
  }

  private static Change changed(Figure ours, Figure now, Figure peer, Figure peerNow) {
    return Compare.changes(
            new Run("lock", List.of(ours, peer)), new Run("lock", List.of(now, peerNow)))
        .getFirst();
  }

  @Test
  void changes_twiceAsSlow_isSlower() {
    Change change =
        changed(
            figure("ours", 10, 0.5),
            figure("ours", 20, 0.5),
            figure("ABQ", 8, 0),
            figure("ABQ", 8, 0));
    assertThat(change.ratio()).isEqualTo(2);
    assertThat(change.word()).isEqualTo("**slower**");
  }

  @Test
  void changes_twiceAsSlowAsThePeerIs_isNoise() {
    Change change =
        changed(
            figure("ours", 10, 0.5),
            figure("ours", 20, 0.5),
            figure("ABQ", 8, 0),
            figure("ABQ", 16, 0));
    assertThat(change.drift()).isEqualTo(2);
    assertThat(change.word()).isEqualTo("noise");
  }

  @Test
  void changes_quartilesOverlap_isNoise() {
    Change change =
        changed(
            figure("ours", 10, 3), figure("ours", 14, 3), figure("ABQ", 8, 0), figure("ABQ", 8, 0));
    assertThat(change.low()).isLessThan(1);
    assertThat(change.word()).isEqualTo("noise");
  }

  @Test
  void changes_sameTimeOnAMachineHalfAsFast_isFaster() {
    Change change =
        changed(
            figure("ours", 10, 0.5),
            figure("ours", 10, 0.5),
            figure("ABQ", 8, 0),
            figure("ABQ", 16, 0));
    assertThat(change.word()).isEqualTo("faster");
    assertThat(Compare.table(List.of(change)))
        .contains("| what | ours | 10.00 | 10.00 ns/op | 2.00 | 0.50 (0.45–0.55) | faster |");
  }

  @Test
  void read_whatReportsWrite_isUnderstood() throws Exception {
    var measured =
        new Measurement("LockOperations.alone", "ours", "ns/op", List.of(new double[] {1, 2, 3}));
    Path file = directory.resolve("lock.json");
    Files.writeString(file, new Report(Area.LOCK, List.of(measured)).json());
    Run run = Compare.read(file);
    assertThat(run.area()).isEqualTo("lock");
    assertThat(run.measurements())
        .containsExactly(new Figure("LockOperations.alone", "ours", "ns/op", 2, 1.5, 2.5));
  }

  @Test
  void read_badFile_saysWhy() throws Exception {
    Path file = directory.resolve("bad.json");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Compare.read(file))
        .withMessageContaining("cannot be read");
    Files.writeString(file, "{");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Compare.read(file))
        .withMessageContaining("is no JSON");
    Files.writeString(file, "{}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Compare.read(file))
        .withMessageContaining("has no measurements");
  }

  @Test
  void changes_otherAreas_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Compare.changes(new Run("lock", List.of()), new Run("till", List.of())))
        .withMessageContaining("two areas, lock and till");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Compare.changes(new Run("lock", List.of()), new Run("lock", List.of())))
        .withMessageContaining("nothing of ours in common");
  }
}
