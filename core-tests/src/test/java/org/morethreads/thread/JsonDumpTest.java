package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.atIndex;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;

/** H14: what a dump shows, as JSON. That parsers can read it is shown in the module profiling. */
@Timeout(20)
class JsonDumpTest {
  private static final StopPolicy QUICK = StopPolicy.standard().withAsk(Duration.ZERO);

  @RegisterExtension final Grove grove = new Grove();

  private static List<String> lines(String json) {
    return json.lines().toList();
  }

  @Test
  void dumpJson_emptyTree_hasTheRootOnly() throws Exception {
    grove.onVirtualTime((tree, time) ->
        assertThat(lines(tree.dumpJson()))
            .containsExactly(
                "{\"tree\":\"t\",\"at\":\"" + time.instant() + "\",\"threads\":[",
                "{\"path\":\"t\",\"state\":\"tree\",\"age\":0.000}],",
                "\"abandoned\":[],",
                "\"deadlocks\":[]}"));
  }

  @ParameterizedTest
  @EnumSource
  void dumpJson_threads_saysWhatTheyDo(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      assertThat(Signal.NEVER.await(Duration.ofSeconds(3))).isFalse(); // older is the tree alone
      var waits =
          (kind.isVirtual() ? tree.named("waits") : tree.named("waits").platform())
              .deadline(Duration.ofMinutes(5))
              .run(_ -> Signal.NEVER.await());
      time.awaitOthersBlocked();
      Threads.awaitBlocked(waits.thread().orElseThrow());
      assertThat(Signal.NEVER.await(Duration.ofMillis(1500))).isFalse();
      waits.stop("say \"please\"\n");
      time.awaitOthersBlocked();
      Threads.awaitBlocked(waits.thread().orElseThrow()); // it looked up when it was told
      String line = lines(tree.dumpJson()).get(2);
      assertThat(line)
          .startsWith(
              "{\"path\":\"t/waits\",\"parent\":\"t\",\"state\":\"running\",\"age\":1.500,\"told\":0.000,"
                  + "\"reason\":{\"kind\":\"REQUESTED\",\"by\":\"thread \\\"")
          .contains(
              "\"message\":\"say \\\"please\\\"\\u000a\"},\"deadline\":300.000,\"kind\":\"thread\",\"thread\":\""
                  + (kind.isVirtual() ? "virtual" : "platform")
                  + "\",\"id\":"
                  + waits.thread().orElseThrow().threadId()
                  + ",\"jvmState\":\"WAITING\",\"startedFrom\":\"")
          .contains("JsonDumpTest.java:")
          .endsWith(",\"waitsFor\":\"signal \\\"NEVER\\\"\"}],");
    });
  }

  /** H4: it is asked, and told later. */
  @Test
  void dumpJson_neededByAnother_isAskedAndNotTold() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var db = tree.run("db", Signal::await);
      var web = tree.named("web").needs(db).run(Signal::await);
      db.stop("enough");
      assertThat(Signal.NEVER.await(Duration.ofMillis(500))).isFalse();
      time.awaitOthersBlocked();
      assertThat(lines(tree.dumpJson()).get(2))
          .contains("\"path\":\"t/db\"")
          .contains("\"asked\":0.500,\"reason\":{")
          .contains("\"message\":\"enough\"}")
          .doesNotContain("\"told\"");
      web.stop();
    });
  }

  /** H5: whoever was given up and still runs is shown apart. */
  @ParameterizedTest
  @EnumSource
  void dumpJson_abandoned_isShownApart(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var release = Signal.create("release");
      var deaf = Grove.named(kind, "deaf").run(_ -> StopOrderTest.awaitDeaf(release));
      deaf.stop();
      deaf.stopped().await();
      time.awaitOthersBlocked(); // its stopped goes before it is unlinked
      assertThat(lines(tree.dumpJson()))
          .hasSize(5)
          .satisfies(line -> assertThat(line).isEqualTo("\"abandoned\":["), atIndex(2))
          .satisfies(
              line ->
                  assertThat(line)
                      .startsWith("{\"path\":\"t/deaf\"")
                      .contains("\"interrupted\":true")
                      .endsWith("}],"),
              atIndex(3));
      release.go();
    });
  }

  @Test
  void dumpJson_lockIsHeldOutsideOfTrees_namesTheThread() throws Exception {
    var red = Lock.create("red");
    try (var tree = grove.open("t", QUICK)) {
      try (var _ = red.acquire()) {
        var wants = tree.run("wants", _ -> red.run(() -> {}));
        TreeDumpTest.awaitOn(wants, "lock \"red\"");
        assertThat(tree.dumpJson())
            .contains(
                "\"waitsFor\":\"lock \\\"red\\\"\",\"heldBy\":"
                    + JsonDump.quoted(Thread.currentThread().getName())
                    + "}");
      }
    }
  }

  /** H8: of most starts from a line that is known only the line is known; it is named as others. */
  @Test
  void dumpJson_manyStartsFromOneLine_namesItForEach() throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      for (int i = 0; i < 100; i++) {
        tree.run("many", Signal::await);
      }
      assertThat(lines(tree.dumpJson()))
          .filteredOn(line -> line.contains("\"path\":\"t/many"))
          .hasSize(100)
          .allMatch(
              line -> line.contains("\"startedFrom\":\"org.morethreads.thread.JsonDumpTest."));
    }
  }

  /** H10: nobody has started it. */
  @ParameterizedTest
  @EnumSource
  void dumpJson_adopted_isStartedFromNowhere(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      kind.call(
              () -> {
                try (var own = grove.open("own", QUICK);
                    var adoption = ManagedThread.adopt()) {
                  assertThat(lines(own.dumpJson()).get(2))
                      .startsWith("{\"path\":\"" + adoption.thread().path() + "\",")
                      .doesNotContain("startedFrom");
                }
                return null;
              })
          .get();
      assertThat(tree.children()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void dumpJson_deadlock_isNamedWithItsCycle(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var red = Lock.create("red");
      var inside = Signal.create("inside");
      var wants =
          Grove.named(kind, "wants")
              .run(_ -> {
                inside.await();
                red.run(() -> {});
              });
      var holds =
          Grove.named(kind, "holds")
              .run(_ -> {
                try (var _ = red.acquire()) {
                  inside.go();
                  wants.join();
                }
              });
      TreeDumpTest.awaitOn(wants, "lock \"red\"");
      TreeDumpTest.awaitOn(holds, "signal \"stopped t/wants\"");
      String json = tree.dumpJson();
      assertThat(json)
          .contains("\"waitsFor\":\"lock \\\"red\\\"\",\"heldBy\":\"t/holds\"}")
          .contains("{\"certain\":true,\"cycle\":[")
          .contains(
              "{\"path\":\"t/wants\",\"waitsFor\":\"lock \\\"red\\\"\",\"which\":\"t/holds\",\"does\":\"holds\"}")
          .contains(
              "{\"path\":\"t/holds\",\"waitsFor\":\"signal \\\"stopped t/wants\\\"\",\"which\":\"t/wants\",\"does\":\"would have to end\"}");
    }
  }

  @Test
  void dumpJson_toAFile_isTheSame(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("dump.json");
    grove.onVirtualTime((tree, time) -> {
      tree.dumpJson(file);
      assertThat(Files.readString(file)).isEqualTo(tree.dumpJson());
    });
  }

  @Test
  void quoted_everyCharacter_isEscapedWhereJsonWantsIt() {
    assertThat(JsonDump.quoted("a\"b\\c\nd\u2028e\u0000\ud83d\ude00\ud83dx\ude00"))
        .isEqualTo("\"a\\\"b\\\\c\\u000ad\\u2028e\\u0000\ud83d\ude00\\ud83dx\\ude00\"");
  }

  @Test
  void quoted_halvesOfAPairAtTheEnds_areEscaped() {
    assertThat(JsonDump.quoted("\ude00x\ud83d")).isEqualTo("\"\\ude00x\\ud83d\"");
  }
}
