package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Library;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/** H8: a failure shows where it happened, and the line that started the thread. */
@Timeout(20)
class StartSiteTest {
  @RegisterExtension final Grove grove = new Grove();

  /** Where a boundary is in a trace. */
  private static boolean isBoundary(StackTraceElement frame) {
    return frame.getClassName().startsWith("----- thread ");
  }

  /** {@return the number of the line below the call} */
  private static int nextLine() {
    return StackWalker.getInstance()
            .walk(frames -> frames.skip(1).findFirst().orElseThrow())
            .getLineNumber()
        + 1;
  }

  private static Throwable failureOf(ManagedThread<?> thread) throws InterruptedException {
    return catchThrowableOfType(ThreadFailedException.class, thread::join).getCause();
  }

  /** Checks that a trace goes from where it happened over one boundary to a line of this file. */
  private static void assertStartedAt(ManagedThread<?> thread, String starter, int line)
      throws InterruptedException {
    StackTraceElement[] trace = failureOf(thread).getStackTrace();
    int boundary = boundaries(trace).getFirst();
    assertThat(boundaries(trace)).hasSize(1);
    assertThat(trace[0].getMethodName()).isEqualTo("fail");
    assertThat(trace[boundary])
        .hasToString("----- thread \"" + thread + "\".started by \"" + starter + "\"(as follows)");
    assertThat(trace).hasSize(boundary + 2);
    assertLine(trace[boundary + 1], line);
  }

  private static void assertLine(StackTraceElement frame, int line) {
    assertThat(frame.getClassName()).startsWith(StartSiteTest.class.getName());
    assertThat(frame.getFileName()).isEqualTo("StartSiteTest.java");
    assertThat(frame.getLineNumber()).isEqualTo(line);
  }

  private static List<Integer> boundaries(StackTraceElement[] trace) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < trace.length; i++) {
      if (isBoundary(trace[i])) {
        found.add(i);
      }
    }
    return found;
  }

  private static void fail(Signal pleaseStop) throws IOException {
    throw new IOException("planted");
  }

  private static int failComputing(Signal pleaseStop) throws IOException {
    fail(pleaseStop);
    return 0;
  }

  // ---- each way to start

  @Test
  void run_taskThrows_traceHasTheLineOfTheStart() throws Exception {
    try (var _ = grove.open("t")) {
      int line = nextLine();
      var thread = ManagedThread.run("x", StartSiteTest::fail);
      assertStartedAt(thread, "t", line);
    }
  }

  @Test
  void call_taskThrows_traceHasTheLineOfTheStart() throws Exception {
    try (var _ = grove.open("t")) {
      int line = nextLine();
      var thread = ManagedThread.call("x", StartSiteTest::failComputing);
      assertStartedAt(thread, "t", line);
    }
  }

  /** The line that started it, not the one that prepared it. */
  @Test
  void start_preparedTaskThrows_traceHasTheLineOfTheStart() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.named("x").prepare(StartSiteTest::fail);
      int line = nextLine();
      thread.start();
      assertStartedAt(thread, "t", line);
    }
  }

  @Test
  void start_preparedCallThrows_traceHasTheLineOfTheStart() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.named("x").prepareCall(StartSiteTest::failComputing);
      int line = nextLine();
      thread.start();
      assertStartedAt(thread, "t", line);
    }
  }

  /** As a pool does for its jobs: the line that has handed the task in, not that of the thread. */
  @Test
  void startedHere_taskThrows_traceHasThatLine() throws Exception {
    try (var tree = grove.open("t")) {
      int line = nextLine();
      var builder = tree.named("x").startedHere(Library.MEMBER);
      var thread = builder.run(StartSiteTest::fail);
      assertStartedAt(thread, "t", line);
    }
  }

  private static final ScopedValue<String> USER = ScopedValue.newInstance();

  @ParameterizedTest
  @EnumSource
  void build_taskThrows_traceHasTheLineOfTheStart(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var builder = Grove.named(kind, "x").carrying(USER);
      int line = nextLine();
      var thread = builder.run(StartSiteTest::fail);
      assertStartedAt(thread, "t", line);
      line = nextLine();
      var other = builder.call(StartSiteTest::failComputing);
      assertStartedAt(other, "t", line);
    }
  }

  @Test
  void treeRun_taskThrows_traceHasTheLineOfTheStart() throws Exception {
    try (var tree = grove.open("t")) {
      int line = nextLine();
      var thread = tree.run("x", StartSiteTest::fail);
      assertStartedAt(thread, "t", line);
      line = nextLine();
      var other = tree.call("x", StartSiteTest::failComputing);
      assertStartedAt(other, "t", line);
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_insideAThread_namesThatAsTheStarter(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      Grove.named(kind, "parent")
          .run(_ -> {
            int line = nextLine();
            var child = Grove.named(kind, "child").run(StartSiteTest::fail);
            assertStartedAt(child, "t/parent", line);
          })
          .join();
    }
  }

  // ---- through several threads

  private int innerLine;

  @Test
  void failure_passedOnByTheParent_hasBothBoundariesInOrder() throws Exception {
    try (var _ = grove.open("t")) {
      int outerLine = nextLine();
      var outer = ManagedThread.run("outer", _ -> startAndPassOn());
      StackTraceElement[] trace = failureOf(outer).getStackTrace();
      List<Integer> boundaries = boundaries(trace);
      assertThat(boundaries).hasSize(2);
      assertThat(trace[boundaries.get(0)].getClassName()).contains("\"t/outer/inner\"");
      assertLine(trace[boundaries.get(0) + 1], innerLine);
      assertThat(trace[boundaries.get(1)].getClassName()).contains("\"t/outer\"");
      assertLine(trace[boundaries.get(1) + 1], outerLine);
    }
  }

  private void startAndPassOn() throws Exception {
    innerLine = nextLine();
    var inner = ManagedThread.run("inner", StartSiteTest::fail);
    throw (Exception) failureOf(inner);
  }

  @Test
  void failure_twiceFromTheSameThread_isNotAppendedTwice() throws Exception {
    var failure = new IOException("always the same");
    try (var tree = grove.open("t")) {
      for (int i = 0; i < 3; i++) {
        assertThat(failureOf(tree.run("x", _ -> raise(failure)))).isSameAs(failure);
        Grove.eventually(() -> tree.root.childCount() == 0); // the next one has the same path
      }
      assertThat(boundaries(failure.getStackTrace())).hasSize(1);
    }
  }

  /** One that is made once and thrown by thousands must not become longer and longer. */
  @Test
  void failure_fromVeryManyThreads_doesNotGrowWithThem() throws Exception {
    var failure = new IOException("always the same");
    try (var tree = grove.open("t")) {
      for (int i = 0; i < 500; i++) {
        assertThat(failureOf(tree.run("x" + i, _ -> raise(failure)))).isSameAs(failure);
      }
      StackTraceElement[] trace = failure.getStackTrace();
      assertThat(boundaries(trace)).hasSize(StartSite.MOST_BOUNDARIES);
      assertThat(trace[boundaries(trace).getFirst()].getClassName()).contains("\"t/x0\"");
    }
  }

  private static void raise(Exception failure) throws Exception {
    throw failure;
  }

  // ---- failures that are peculiar

  @Test
  void failure_withoutAWritableTrace_isTheSameAndHasNone() throws Exception {
    try (var tree = grove.open("t")) {
      var failure = new Traceless();
      var thread = tree.run("x", _ -> raise(failure));
      assertThat(failureOf(thread)).isSameAs(failure);
      assertThat(failure.getStackTrace()).isEmpty();
    }
  }

  private static final class Traceless extends Exception {
    private static final long serialVersionUID = 1;

    Traceless() {
      super("planted", null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    }
  }

  @Test
  void failure_inAnAdoptedThread_hasNoBoundary() throws Exception {
    try (var _ = grove.open("t")) {
      var failure =
          catchThrowableOfType(
              IllegalStateException.class,
              () ->
                  ManagedThread.adopt(() -> {
                    throw new IllegalStateException("planted");
                  }));
      assertThat(boundaries(failure.getStackTrace())).isEmpty();
    }
  }

  // ---- what is remembered of the lines

  /** A class of task of its own, as no other test starts it. */
  private static final class FromTwoLines implements ManagedThread.Task {
    @Override
    public void run(Signal pleaseStop) throws IOException {
      fail(pleaseStop);
    }
  }

  @Test
  void start_sameTaskFromTwoLines_alwaysShowsTheTrueOne() throws Exception {
    try (var tree = grove.open("t")) {
      for (int i = 0; i < 200; i++) {
        int line = nextLine();
        var one = tree.run("x", new FromTwoLines());
        assertStartedAt(one, "t", line);
        line = nextLine();
        var other = tree.run("x", new FromTwoLines());
        assertStartedAt(other, "t", line);
      }
    }
  }

  private static final class FromOneLine implements ManagedThread.Call<Integer> {
    @Override
    public Integer call(Signal pleaseStop) throws IOException {
      return failComputing(pleaseStop);
    }
  }

  @Test
  void start_oftenFromOneLine_stillTellsTheLineAndThatItIsAssumed() throws Exception {
    try (var tree = grove.open("t")) {
      int assumed = 0;
      for (int i = 0; i < 200; i++) {
        int line = nextLine();
        var thread = tree.call("x", new FromOneLine());
        StackTraceElement[] trace = failureOf(thread).getStackTrace();
        int boundary = boundaries(trace).getFirst();
        assertThat(trace).hasSize(boundary + 2);
        assertLine(trace[boundary + 1], line);
        String how = trace[boundary].getFileName();
        boolean looked = i <= 64 || i % 64 == 0;
        assertThat(how)
            .as("start %d", i)
            .isEqualTo(looked ? "as follows" : "as those with this task before it");
        assumed += looked ? 0 : 1;
      }
      assertThat(assumed).isEqualTo(133);
    }
  }

  // ---- whole stacks

  @Test
  void start_wholeStarts_showsWhoCalledTheStarter() throws Exception {
    try (var tree =
        grove.remember(
            ThreadTree.open(
                Library.MEMBER,
                "t",
                StopPolicy.standard(),
                Time.real(),
                /* wholeStarts= */ true))) {
      for (int i = 0; i < 100; i++) { // nothing is assumed, however often
        var thread = startDeep(tree, 5);
        StackTraceElement[] trace = failureOf(thread).getStackTrace();
        int boundary = boundaries(trace).getFirst();
        assertThat(trace[boundary].getFileName()).isEqualTo("as follows");
        assertThat(Arrays.stream(trace).skip(boundary + 1).map(StackTraceElement::getMethodName))
            .startsWith(
                "startDeep",
                "startDeep",
                "startDeep",
                "startDeep",
                "startDeep",
                "startDeep",
                "start_wholeStarts_showsWhoCalledTheStarter")
            .hasSizeGreaterThan(8);
      }
    }
  }

  private static ManagedThread<?> startDeep(ThreadTree tree, int depth) {
    return depth == 0 ? tree.run("x", StartSiteTest::fail) : startDeep(tree, depth - 1);
  }

  /** As when only the library's own code is on the stack. */
  @Test
  void line_nothingKnown_isNull() {
    assertThat(StartSite.line(null)).isNull();
    assertThat(StartSite.line(new StackTraceElement[0])).isNull();
  }
}
