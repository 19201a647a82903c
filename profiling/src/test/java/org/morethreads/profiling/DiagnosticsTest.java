package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.management.JMX;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** H14: dumps on demand, of a planted deadlock, a lost thread, a slow stop. */
@Timeout(60)
class DiagnosticsTest {
  private static final StopPolicy QUICK =
      StopPolicy.standard()
          .withAsk(Duration.ofMillis(20))
          .withInterrupt(Duration.ofMillis(20))
          .withTotal(Duration.ofSeconds(5));

  @TempDir Path directory;

  private static TreesMXBean bean() throws Exception {
    Diagnostics.enable();
    Diagnostics.enable();
    return JMX.newMXBeanProxy(
        ManagementFactory.getPlatformMBeanServer(),
        new ObjectName(Diagnostics.NAME),
        TreesMXBean.class);
  }

  private static JsonObject tree(String json, String name) {
    for (JsonElement each : JsonParser.parseString(json).getAsJsonArray()) {
      if (each.getAsJsonObject().get("tree").getAsString().equals(name)) {
        return each.getAsJsonObject();
      }
    }
    throw new AssertionError("no tree " + name + " in " + json);
  }

  private static void awaitDump(ThreadTree tree, String text) {
    while (!tree.dump().contains(text)) {
      Thread.onSpinWait(); // the time-out of the class ends it
    }
  }

  @Test
  void dumpJson_plantedDeadlock_namesItsCycle() throws Exception {
    try (var tree = ThreadTree.open("t", QUICK)) {
      var red = Lock.create("red");
      var held = Signal.create("held");
      var wants =
          tree.run(
              "wants",
              _ -> {
                held.await();
                red.run(() -> {});
              });
      tree.run(
          "holds",
          _ -> {
            try (var _ = red.acquire()) {
              held.go();
              wants.join();
            }
          });
      awaitDump(tree, "DEADLOCK");
      assertThat(bean().getTrees()).contains("t");
      assertThat(bean().getThreadCount()).isGreaterThanOrEqualTo(2);
      assertThat(bean().dump()).contains("DEADLOCK:");
      JsonArray deadlocks = tree(bean().dumpJson(), "t").getAsJsonArray("deadlocks");
      assertThat(deadlocks).hasSize(1);
      List<String> paths =
          deadlocks.get(0).getAsJsonObject().getAsJsonArray("cycle").asList().stream()
              .map(link -> link.getAsJsonObject().get("path").getAsString())
              .toList();
      assertThat(paths).containsExactlyInAnyOrder("t/wants", "t/holds");
    }
  }

  /** A thread that was given up runs on: it is listed apart, with what it is doing. */
  @Test
  void dumpJson_lostThread_isListedAsAbandoned() throws Exception {
    var end = Signal.create("end");
    try (var tree = ThreadTree.open("t", QUICK)) {
      ManagedThread<?> lost = tree.run("lost", _ -> awaitDeaf(end));
      lost.stop("not needed any more");
      lost.awaitOutcome();
      JsonArray abandoned = tree(bean().dumpJson(), "t").getAsJsonArray("abandoned");
      assertThat(abandoned).hasSize(1);
      JsonObject its = abandoned.get(0).getAsJsonObject();
      assertThat(its.get("path").getAsString()).isEqualTo("t/lost");
      assertThat(its.get("waitsFor").getAsString()).isEqualTo("signal \"end\"");
      assertThat(its.getAsJsonObject("reason").get("message").getAsString())
          .isEqualTo("not needed any more");
    } finally {
      end.go();
    }
  }

  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
  }

  /** A stop that takes its time leaves a dump in which one sees who is late, and where it was. */
  @Test
  void dumpOverdueStopsInto_slowStop_isDumped() throws Exception {
    Path dumps = directory.resolve("dumps");
    var registration = Diagnostics.dumpOverdueStopsInto(dumps);
    var end = Signal.create("end");
    var policy =
        StopPolicy.standard().withAsk(Duration.ofSeconds(30)).withTotal(Duration.ofSeconds(60));
    try (var tree = ThreadTree.open("t", policy)) {
      tree.run("slow", _ -> end.await()).stop("enough");
      Path file = awaitFile(dumps);
      end.go();
      JsonObject slow =
          JsonParser.parseString(Files.readString(file))
              .getAsJsonObject()
              .getAsJsonArray("threads")
              .get(1)
              .getAsJsonObject();
      assertThat(slow.get("path").getAsString()).isEqualTo("t/slow");
      assertThat(slow.get("told").getAsDouble()).isGreaterThanOrEqualTo(1);
      assertThat(slow.get("waitsFor").getAsString()).isEqualTo("signal \"end\"");
    } finally {
      end.go();
      registration.remove();
    }
  }

  /** A dump that is whole: it ends as they end. */
  private static Path awaitFile(Path dumps) throws Exception {
    while (true) { // the time-out of the class ends it
      if (Files.isDirectory(dumps)) {
        try (Stream<Path> files = Files.list(dumps)) {
          Path file = files.findFirst().orElse(null);
          if (file != null && Files.readString(file).endsWith("]}\n")) {
            return file;
          }
        }
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void dumpToFile_byItsName_isTextOrJson() throws Exception {
    try (var tree = ThreadTree.open("größe", QUICK)) {
      tree.run("x \"quoted\"", Signal::await);
      Path json = directory.resolve("dump.json");
      Path text = directory.resolve("dump.txt");
      bean().dumpToFile(json.toString());
      bean().dumpToFile(text.toString());
      JsonArray threads = tree(Files.readString(json), "größe").getAsJsonArray("threads");
      assertThat(threads.get(1).getAsJsonObject().get("path").getAsString())
          .isEqualTo("größe/x \"quoted\"");
      assertThat(Files.readString(text)).contains("größe: tree").contains("x \"quoted\": ");
    }
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> bean().dumpToFile(""));
  }

  @Test
  void tool_wrongArguments_saysWhatThereIs() {
    var err = new java.io.ByteArrayOutputStream();
    var stream = new java.io.PrintStream(err, true, java.nio.charset.StandardCharsets.UTF_8);
    assertThat(Tool.run(System.out, stream)).isEqualTo(2);
    assertThat(Tool.run(System.out, stream, "dump", "1", "--xml")).isEqualTo(2);
    assertThat(Tool.run(System.out, stream, "convert", "nowhere.jfr", "x")).isEqualTo(1);
    assertThat(err.toString(java.nio.charset.StandardCharsets.UTF_8))
        .contains("Usage: dump PID")
        .contains("nowhere.jfr");
  }
}
