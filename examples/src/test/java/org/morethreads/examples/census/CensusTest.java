package org.morethreads.examples.census;

import static org.assertj.core.api.Assertions.assertThat;
import static org.morethreads.examples.census.CensusRun.number;
import static org.morethreads.examples.census.CensusRun.rowsOf;
import static org.morethreads.examples.census.CensusRun.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.profiling.Profile;

/** What the census counts, and what it says of inputs and databases that are no good. */
@Timeout(180)
class CensusTest {
  @TempDir Path directory;
  private Path classes;
  private Path database;

  /** Some class files whose facts are known. */
  @BeforeEach
  void copyClasses() throws IOException {
    classes = Files.createDirectories(directory.resolve("classes/deeper")).getParent();
    copy(Object.class, classes.resolve("Object.class"));
    copy(Vector.class, classes.resolve("deeper/Vector.class"));
    copy(Outer.class, classes.resolve("deeper/Outer.class"));
    Files.writeString(classes.resolve("readme.txt"), "not a class");
    database = directory.resolve("census.db");
  }

  /** Two methods and a block that synchronize; a field. */
  static final class Vector {
    private int size;

    @SuppressWarnings("UnsynchronizedOverridesSynchronized")
    synchronized int size() {
      return size;
    }

    synchronized void add() {
      size++;
    }

    void twice() {
      synchronized (this) {
        size *= 2;
      }
    }
  }

  /** Nothing of interest. */
  static final class Outer {}

  private static void copy(Class<?> type, Path to) throws IOException {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    try (InputStream in = type.getResourceAsStream(file)) {
      Files.copy(in, to);
    }
  }

  private Path jar(String name) throws IOException {
    Path jar = directory.resolve(name);
    try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("a/Vector.class"));
      out.write(Files.readAllBytes(classes.resolve("deeper/Vector.class")));
      out.putNextEntry(new ZipEntry("a/notes.txt"));
    }
    return jar;
  }

  @Test
  void directory_isCounted_rowsAndReportAndJson() throws Exception {
    var result = run(directory, "--input", "classes", "--db", "census.db", "--json");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.err()).containsExactly("census: ready");
    assertThat(result.seen()).isEqualTo(3);
    assertThat(result.written()).isEqualTo(3).isEqualTo(rowsOf(database));
    assertThat(result.failed()).isZero();
    assertThat(result.stopped()).isFalse();
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .anyMatch(line -> line.matches(" +3  org.morethreads.examples.census \\(2 classes\\)"))
        .anyMatch(line -> line.startsWith("3 class files seen, 3 rows written to census.db"))
        .noneMatch(line -> line.contains("Stop"));
    String vector = " from classes where name = 'CensusTest$Vector'";
    assertThat(number(database, "select synchronized_methods" + vector)).isEqualTo(2);
    assertThat(number(database, "select monitor_enters" + vector)).isEqualTo(1);
    assertThat(number(database, "select fields" + vector)).isEqualTo(1);
    assertThat(number(database, "select methods" + vector)).isEqualTo(4);
    assertThat(number(database, "select bytes" + vector))
        .isEqualTo(Files.size(classes.resolve("deeper/Vector.class")));
    assertThat(number(database, "select natives > 0 from classes where name = 'Object'")).isOne();
    assertThat(directory.resolve("census.db-journal")).doesNotExist();
  }

  @Test
  void noJson_lastLineIsTotals() throws Exception {
    var result = run(directory, "--input", "classes");

    assertThat(result.out().getLast()).startsWith("3 class files seen");
  }

  @Test
  void severalInputs_areAllCounted() throws Exception {
    String jar = jar("some.jar").toString();
    String single = classes.resolve("Object.class").toString();

    var result =
        run(directory, "--input", "classes", "--input", jar, "--input=" + single, "--json");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.written()).isEqualTo(5).isEqualTo(rowsOf(database));
    assertThat(number(database, "select count(*) from classes where home = '" + jar + "'")).isOne();
  }

  @Test
  void secondRun_makesTheDatabaseAnew() throws Exception {
    run(directory, "--input", "classes", "--json");

    var result = run(directory, "--input", jar("some.jar").toString(), "--json");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.written()).isEqualTo(1).isEqualTo(rowsOf(database));
  }

  @Test
  void brokenClasses_areNamedAndCounted_restGoesOn() throws Exception {
    Path empty = Files.createFile(classes.resolve("Empty.class"));
    Path text = Files.writeString(classes.resolve("Text.class"), "hello");
    byte[] whole = Files.readAllBytes(classes.resolve("Object.class"));
    Path half = Files.write(classes.resolve("Half.class"), java.util.Arrays.copyOf(whole, 999));

    var result = run(directory, "--input", classes.toString(), "--json");

    assertThat(result.status()).isEqualTo(1).isEqualTo(result.exitCode());
    assertThat(result.failed()).isEqualTo(3);
    assertThat(result.seen()).isEqualTo(6);
    assertThat(result.written()).isEqualTo(3).isEqualTo(rowsOf(database));
    assertThat(result.err().getFirst()).isEqualTo("census: ready");
    for (Path broken : new Path[] {empty, text, half}) {
      assertThat(result.err()).anyMatch(line -> line.startsWith("census: " + broken + ": "));
    }
  }

  @Test
  void unreadableJarAndMissingPath_areNamedAndCounted_restGoesOn() throws Exception {
    Files.writeString(directory.resolve("text.jar"), "not a jar");

    var result =
        run(directory, "--input", "text.jar", "--input", "nowhere", "--input", "classes", "--json");

    assertThat(result.status()).isEqualTo(1).isEqualTo(result.exitCode());
    assertThat(result.failed()).isEqualTo(2);
    assertThat(result.written()).isEqualTo(3).isEqualTo(rowsOf(database));
    assertThat(result.err().getFirst()).isEqualTo("census: ready");
    assertThat(result.err()).anyMatch(line -> line.startsWith("census: text.jar: "));
    assertThat(result.err()).anyMatch(line -> line.startsWith("census: nowhere: "));
  }

  @Test
  void brokenEntryOfJar_isNamedAndCounted() throws Exception {
    Path jar = jar("some.jar");
    byte[] bytes = Files.readAllBytes(jar);
    bytes[60] ^= 0x55; // in the compressed class
    Files.write(jar, bytes);

    var result = run(directory, "--input", "some.jar", "--json");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.err()).anyMatch(line -> line.startsWith("census: some.jar!a/Vector.class: "));
  }

  @Test
  void databaseWhereNothingCanBeWritten_isNamed() throws Exception {
    Files.createFile(directory.resolve("file"));
    Files.writeString(directory.resolve("text.db"), "this is not a database, but somebody's notes");

    for (String bad : new String[] {"missing/x.db", "file/x.db", "classes", "text.db"}) {
      var result = run(directory, "--input", "classes", "--db", bad, "--json");

      assertThat(result.status()).as(result.everything()).isEqualTo(1);
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.failed()).isEqualTo(1);
      assertThat(result.written()).isZero();
      assertThat(result.err().getFirst()).isEqualTo("census: ready");
      assertThat(result.err()).anyMatch(line -> line.startsWith("census: " + bad + ": "));
    }
    assertThat(directory.resolve("text.db")).content().startsWith("this is not");
  }

  /** In /proc no user may make files, root included. */
  @Test
  void databaseInReadOnlyPlace_isNamed() throws Exception {
    var result = run(directory, "--input", "classes", "--db", "/proc/census.db", "--json");

    assertThat(result.status()).as(result.everything()).isEqualTo(1);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.err()).anyMatch(line -> line.startsWith("census: /proc/census.db: "));
  }

  @Test
  void databaseInUse_isNamed_andKeepsItsRows() throws Exception {
    run(directory, "--input", "classes", "--json");
    try (var held = ClassDatabase.open(database)) {
      held.createTable();
      var result = run(directory, "--input", "classes", "--json");

      assertThat(result.status()).as(result.everything()).isEqualTo(1);
      assertThat(result.written()).isZero();
      assertThat(result.err()).anyMatch(line -> line.contains("locked"));
    }
  }

  /** The limit on the size of files stands for a full disk: it needs no rights to set. */
  @Test
  void diskFullInTheMiddle_isNamed_databaseHoldsWhatWasWritten() throws Exception {
    String command =
        "ulimit -f 1600; exec " // blocks of 1 KiB; the native library of SQLite needs 1.1 MB
            + String.join(" ", CensusRun.java("Census").stream().map(it -> "'" + it + "'").toList())
            + " --input jrt:/ --json";
    CensusRun.Result result;
    try (var run = CensusRun.start(directory, java.util.List.of("bash", "-c", command))) {
      result = run.awaitReady().end();
    }

    assertThat(result.status()).as(result.everything()).isEqualTo(1).isEqualTo(result.exitCode());
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.err()).anyMatch(line -> line.startsWith("census: census.db: "));
    assertThat(result.written()).isPositive().isEqualTo(rowsOf(database));
  }

  @Test
  void wrongOptions_areRefused_beforeAnythingBegins() throws Exception {
    for (String[] wrong :
        new String[][] {{"--workers", "0"}, {"--workers", "-1"}, {"--workers", "x"}, {"--wrong"}}) {
      var result = run(directory, wrong);

      assertThat(result.status()).as(result.everything()).isEqualTo(2);
      assertThat(result.out()).isEmpty();
      assertThat(result.err().getFirst()).contains(wrong[0]);
    }
    assertThat(database).doesNotExist();
  }

  @Test
  void profile_isWrittenAtTheEnd_byThreads() throws Exception {
    var result = run(directory, "--input", "classes", "--profile", "profiles", "--json");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.written()).isEqualTo(3).isEqualTo(rowsOf(database));
    assertThat(result.err()).anyMatch(line -> line.contains("The profile was written to"));
    try (Stream<Path> files = Files.list(directory.resolve("profiles"))) {
      List<Path> all = files.toList();
      assertThat(all)
          .extracting(file -> file.getFileName().toString().replaceAll("\\d{8}_\\d{6}", "@"))
          .contains(
              "census_@.txt",
              "census_@.tab",
              "census_@_cpu.html",
              "census_@_timeline.json",
              "census_@_timeline.html",
              "census_@.jfr");
      Path recording =
          all.stream().filter(file -> file.toString().endsWith(".jfr")).findFirst().orElseThrow();
      Profile profile = Profile.read(recording);
      assertThat(profile.paths()).contains("main/scanner", "main/worker-*", "main/writer");
      assertThat(profile.coverage()).doesNotContain("early", "no end");
    }
  }

  @Test
  void help_namesAllOptions() throws Exception {
    var result = run(directory, "--help");

    assertThat(result.status()).isZero();
    assertThat(result.everything())
        .contains("--input", "--db", "--workers", "--stubborn", "--profile", "--json")
        .doesNotContain("census: ready");
  }

  @Test
  void otherLocale_jsonIsJson() throws Exception {
    var command = new java.util.ArrayList<>(CensusRun.java("Census"));
    command.addAll(1, java.util.List.of("-Duser.language=ar", "-Duser.country=EG"));
    command.addAll(java.util.List.of("--input", "classes", "--json"));
    try (var run = CensusRun.start(directory, command)) {
      assertThat(run.end().written()).isEqualTo(3);
    }
  }
}
