package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import one.convert.Arguments;
import one.convert.FlameGraph;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.process.Command;
import org.morethreads.process.ManagedProcess;
import org.morethreads.thread.ThreadTree;

/** The files of a profile, read as those read them who are given them. */
@Timeout(180)
class FilesTest {
  @TempDir static Path directory;

  private static Profiler profiler;
  private static Profile profile;

  @BeforeAll
  static void profileTheShop() throws Exception {
    profiler =
        Profiler.into(directory)
            .name("shop")
            .interval(Duration.ofMillis(1))
            .waitsFrom(Duration.ZERO)
            .allocation()
            .timing("org.morethreads.profiling.Shop::price")
            .start();
    Shop.run();
    profile = profiler.stop();
  }

  private static Path file(String end) {
    return profiler.files().stream()
        .filter(file -> file.toString().endsWith(end))
        .findFirst()
        .orElseThrow();
  }

  /** The columns of mo-threads first, in its order. */
  @Test
  void table_columns_areThoseOfTheOriginalAndTwoMore() throws Exception {
    List<String> lines = Files.readAllLines(file(".tab"));
    assertThat(lines.getFirst().split("\t"))
        .containsExactly(
            "num_calls",
            "self_time",
            "total_time",
            "self_time_per_call",
            "total_time_per_call",
            "file",
            "line",
            "method",
            "num_samples",
            "thread");
    assertThat(lines).allSatisfy(line -> assertThat(line.split("\t", -1)).hasSize(10));
    assertThat(file(".tab").getFileName().toString()).matches("shop_\\d{8}_\\d{6}(_\\d+)?\\.tab");
  }

  @Test
  void table_timedMethod_hasExactCalls() throws Exception {
    List<String[]> timed =
        Files.readAllLines(file(".tab")).stream()
            .map(line -> line.split("\t", -1))
            .filter(row -> row[9].equals("*"))
            .toList();
    assertThat(timed).hasSize(1);
    assertThat(timed.getFirst()[0]).isEqualTo("24");
    assertThat(timed.getFirst()[7]).isEqualTo("org.morethreads.profiling.Shop.price");
    assertThat(Double.parseDouble(timed.getFirst()[2])).isPositive();
    assertThat(Double.parseDouble(timed.getFirst()[4])).isPositive();
  }

  /** The rows of a parent include those of its children, and the times add up to the profile's. */
  @Test
  void table_rowsOfTheTree_addUp() throws Exception {
    double self =
        Files.readAllLines(file(".tab")).stream()
            .map(line -> line.split("\t", -1))
            .filter(row -> row[9].equals("shop"))
            .mapToDouble(row -> Double.parseDouble(row[1]))
            .sum();
    double withoutSample =
        profile.samples.byPath.entrySet().stream()
            .filter(each -> Paths.isAtOrBelow(each.getKey(), "shop"))
            .mapToDouble(each -> {
              Profile.Weight bare = each.getValue().get(List.of());
              return bare == null ? 0 : bare.amount / 1e9;
            })
            .sum();
    double all = profile.time("shop").toNanos() / 1e9;
    assertThat(self + withoutSample)
        .isCloseTo(all, org.assertj.core.api.Assertions.within(0.01 + all / 100));
  }

  /** The converter reads its own pages. */
  @Test
  void flameGraph_stacks_beginWithTheTree() throws Exception {
    Arguments arguments = new Arguments();
    arguments.output = "collapsed";
    FlameGraph graph = FlameGraph.parse(file("_cpu.html").toString(), arguments);
    var out = new ByteArrayOutputStream();
    graph.dump(out);
    List<String> stacks = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(stacks)
        .anyMatch(stack -> stack.startsWith("shop;clerk-*;") && stack.contains("Load.burn"))
        .anyMatch(stack -> stack.startsWith("shop;printer;"));
    long sum =
        stacks.stream()
            .filter(stack -> stack.startsWith("shop;"))
            .mapToLong(stack -> Long.parseLong(stack.substring(stack.lastIndexOf(' ') + 1)))
            .sum();
    assertThat(sum / 1e6)
        .isCloseTo(
            profile.time("shop").toNanos() / 1e9,
            org.assertj.core.api.Assertions.withinPercentage(5));
  }

  @Test
  void timeline_trace_isWhatTheFormatWants() throws Exception {
    JsonObject trace =
        JsonParser.parseString(Files.readString(file("_timeline.json"))).getAsJsonObject();
    JsonArray events = trace.getAsJsonArray("traceEvents");
    assertThat(events.asList())
        .allSatisfy(each -> {
          JsonObject event = each.getAsJsonObject();
          assertThat(event.get("pid").getAsInt()).isEqualTo(1);
          switch (event.get("ph").getAsString()) {
            case "M" -> assertThat(event.getAsJsonObject("args").size()).isPositive();
            case "X" -> {
              assertThat(event.get("ts").getAsDouble()).isNotNegative();
              assertThat(event.get("dur").getAsDouble()).isNotNegative();
            }
            case "i" -> assertThat(event.get("s").getAsString()).isEqualTo("t");
            default -> throw new AssertionError(event);
          }
        });
    assertThat(names(events, "life"))
        .contains("door: virtual, Returned", "gossip: virtual, Failed");
    assertThat(names(events, "life")).contains("printer: platform, Returned");
    assertThat(names(events, "wait"))
        .contains(
            "waits for an element of queue \"orders\"",
            "waits for signal \"please stop shop/clock\"");
    assertThat(names(events, "moment"))
        .contains(
            "failed: java.lang.IllegalStateException: said too much",
            "told to stop: the shop closes");
  }

  /** A process is in the row of the thread that stands for it; shells have a row of their own. */
  @Test
  void timeline_processesAndCommands_areInTheRowsOfTheirThreads(@TempDir Path other)
      throws Exception {
    Command.closeIdleShells();
    Profiler profiler = Profiler.into(other).start();
    try (var tree = ThreadTree.open("t")) {
      ManagedProcess.command("/bin/sh", "-c", "exit 3")
          .acceptExitCodes(3)
          .start(tree.named("program"))
          .join();
      Command.of("true").start(tree.named("command")).join();
    } finally {
      Command.closeIdleShells();
    }
    profiler.close();
    Path file =
        profiler.files().stream()
            .filter(each -> each.toString().endsWith("_timeline.json"))
            .findFirst()
            .orElseThrow();
    JsonArray events =
        JsonParser.parseString(Files.readString(file))
            .getAsJsonObject()
            .getAsJsonArray("traceEvents");
    assertThat(momentsIn(events, "t/program"))
        .satisfiesExactly(
            start -> assertThat(start).matches("process \\d+ starts: /bin/sh"),
            end -> assertThat(end).matches("process \\d+ ends with 3: /bin/sh"));
    assertThat(momentsIn(events, "t/command"))
        .satisfiesExactly(
            start -> assertThat(start).matches("process \\d+ starts: true"),
            end -> assertThat(end).matches("process \\d+ ends with 0: true"));
    assertThat(momentsIn(events, "unmanaged/shells").getFirst())
        .matches("process \\d+ starts: .*bash");
  }

  /** The moments in the one row that has this name. */
  private static List<String> momentsIn(JsonArray events, String path) {
    List<JsonObject> all = events.asList().stream().map(JsonElement::getAsJsonObject).toList();
    List<Integer> rows =
        all.stream()
            .filter(event -> event.get("name").getAsString().equals("thread_name"))
            .filter(event -> event.getAsJsonObject("args").get("name").getAsString().equals(path))
            .map(event -> event.get("tid").getAsInt())
            .toList();
    assertThat(rows).as("rows of %s", path).hasSize(1);
    return all.stream()
        .filter(event -> event.get("ph").getAsString().equals("i"))
        .filter(event -> event.get("tid").getAsInt() == rows.getFirst())
        .map(event -> event.get("name").getAsString())
        .toList();
  }

  private static List<String> names(JsonArray events, String category) {
    return events.asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(event -> event.has("cat") && event.get("cat").getAsString().equals(category))
        .map(event -> event.get("name").getAsString())
        .toList();
  }

  @Test
  void timeline_page_hasTheSameTrace() throws Exception {
    String page = Files.readString(file("_timeline.html"));
    String before = "<script type=\"application/json\" id=\"trace\">";
    int begin = page.indexOf(before) + before.length();
    String trace = page.substring(begin, page.indexOf("</script>", begin));
    assertThat(trace).isEqualTo(Files.readString(file("_timeline.json")));
    assertThat(page).doesNotContain("@TITLE@", "@TRACE@");
  }

  @Test
  void summary_threads_areOnOnePage() throws Exception {
    assertThat(Files.readString(file(".txt")))
        .startsWith("Covers ")
        .contains("  shop/clerk-*/check-*\n", "  shop/printer\n", "timed: 24 calls");
  }

  @Test
  void tool_convertsARecording() throws Exception {
    Path other = directory.resolve("other");
    var out = new ByteArrayOutputStream();
    int status =
        Tool.run(
            new java.io.PrintStream(out, true, StandardCharsets.UTF_8),
            System.err,
            "convert",
            file(".jfr").toString(),
            other.toString());
    assertThat(status).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(6);
    String table = file(".tab").getFileName().toString();
    assertThat(Files.readString(other.resolve(table))).isEqualTo(Files.readString(file(".tab")));
  }

  @Test
  void patternOf_names_mergesNumbersOnly() {
    assertThat(
            Arrays.asList(
                Paths.patternOf("worker-1"),
                Paths.patternOf("worker-12#3"),
                Paths.patternOf("worker7"),
                Paths.patternOf("http2-reader"),
                Paths.patternOf("shard-3-reader"),
                Paths.patternOf("main"),
                Paths.patternOf("2")))
        .containsExactly(
            "worker-*", "worker-*", "worker*", "http2-reader", "shard-*-reader", "main", "*");
  }
}
