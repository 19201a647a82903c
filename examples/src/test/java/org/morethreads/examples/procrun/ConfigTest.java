package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.examples.procrun.ServiceConfig.Ready;
import org.morethreads.examples.procrun.ServiceConfig.When;

/** What is read from the files, and what is said of wrong ones. */
class ConfigTest {
  @TempDir Path directory;

  private final Problems problems = new Problems();

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private List<ServiceConfig> read(String name) {
    List<ServiceConfig> services = Config.read(directory.resolve(name), problems);
    ConfigCheck.check(services, System.getenv("PATH"), problems);
    return services;
  }

  /** The problems, without the directory of the test. */
  private List<String> said() {
    return problems.lines().stream().map(it -> it.replace(directory + "/", "")).toList();
  }

  @Test
  void procfile_ordinary_isRead() throws IOException {
    write("Procfile", "# ours\n\nweb:  sleep 1 | cat\nworker-2: A=b sleep 2 # not a comment\n");

    var services = read("Procfile");

    assertThat(said()).isEmpty();
    assertThat(services).extracting(ServiceConfig::name).containsExactly("web", "worker-2");
    assertThat(services.getFirst().command()).isEqualTo("sleep 1 | cat");
    assertThat(services).extracting(ServiceConfig::port).containsExactly(5000, 5100);
    assertThat(services.getFirst().ready()).isEqualTo(new Ready.Started());
    assertThat(services.getFirst().restart().when()).isEqualTo(When.NEVER);
    assertThat(services.getFirst().directory()).isEqualTo(directory);
  }

  @Test
  void yaml_besideProcfile_saysMoreAndAddsServices() throws IOException {
    write("Procfile", "web: sleep 1\n");
    Files.createDirectory(directory.resolve("sub"));
    write(
        "procrun.yaml",
        """
        x-common: &env {A: 1, B: two}
        services:
          db:
            command: sleep 2
            environment: *env
            ready: {port: 8123, within: 1.5s}
            stop: {signal: SIGINT, grace: 250ms, wholeTree: false}
            restart: {when: always, pause: 1s, longestPause: 2m, giveUpAfter: 3, within: 1h}
            limit: 90
          web:
            directory: sub
            instances: 3
            port: 9000
            needs: [db]
            ready: {line: 'up \\d+'}
            restart: on-failure
            schedule: '*/5 * * * *'
        """);

    var services = read("Procfile");

    assertThat(said()).isEmpty();
    assertThat(services).extracting(ServiceConfig::name).containsExactly("web", "db");
    var web = services.getFirst();
    assertThat(web.command()).isEqualTo("sleep 1");
    assertThat(web.directory()).isEqualTo(directory.resolve("sub"));
    assertThat(web.instanceNames()).containsExactly("web-1", "web-2", "web-3");
    assertThat(web.port()).isEqualTo(9000);
    assertThat(web.needs("db")).isTrue();
    assertThat(web.ready()).isInstanceOf(Ready.Line.class);
    assertThat(web.restart().when()).isEqualTo(When.ON_FAILURE);
    assertThat(web.schedule()).isPresent();
    var db = services.getLast();
    assertThat(db.environment()).isEqualTo(Map.of("A", "1", "B", "two"));
    assertThat(db.ready()).isEqualTo(new Ready.Port(8123));
    assertThat(db.readyWithin()).isEqualTo(Duration.ofMillis(1500));
    assertThat(db.stop()).isEqualTo(new ServiceConfig.Stop("INT", Duration.ofMillis(250), false));
    assertThat(db.restart().longestPause()).isEqualTo(Duration.ofMinutes(2));
    assertThat(db.restart().giveUpAfter()).isEqualTo(3);
    assertThat(db.limit()).contains(Duration.ofSeconds(90));
  }

  @Test
  void check_manyMistakes_saysAllWithTheirLines() throws IOException {
    write("Procfile", "web: sleep 1\nnonsense\nweb: sleep 2\nlost: no-such-program --port 1\n");
    write(
        "procrun.yaml",
        """
        services:
          web:
            comand: sleep 3
            needs: [databse, worker]
            instances: many
            port: 8000
            restart: on-failur
            ready: {line: '(', port: 80}
          worker:
            command: sleep 4
            needs: web
            stop: {signal: TREM, grace: soon}
            port: 8000
          database:
            schedule: '* * * * 9'
            directory: nowhere
          database:
            command: sleep 5
        verison: 2
        """);

    read("Procfile");

    assertThat(said())
        .isEqualTo(
            """
            Procfile:2: This is no service. Write "name: command", or # before a comment.
            Procfile:3: Service "web" is there twice, first in line 1. Rename one; for several of it run web=2.
            Procfile:4: The command "no-such-program" of service "lost" is not there. Install it, correct the name, or add its directory to PATH.
            procrun.yaml:3: Unknown key "comand" in service "web"; it would have no effect. Did you mean "command"?
            procrun.yaml:4: Service "web" needs "databse", which is not there; it would never start. Did you mean "database"?
            procrun.yaml:5: "instances" in service "web" must be a number from 0 to 1000, but is "many".
            procrun.yaml:7: A service cannot be restarted "on-failur". Did you mean "on-failure"?
            procrun.yaml:8: "line" is no regular expression: Unclosed group.
            procrun.yaml:8: "ready" must have one of [line, port, command, delay, ended], but has [line, port].
            procrun.yaml:10: Port 8000 is given to "web" and to "worker", and only one can have it. Choose another.
            procrun.yaml:11: Services need each other in a circle, so that none could start: web -> worker -> web. Take one of the needs away.
            procrun.yaml:12: "grace" in "stop" of service "worker" must be a time like 500ms, 10s, 5m or 1h, but is "soon".
            procrun.yaml:12: There is no signal "TREM" to stop it. Did you mean "TERM"?
            procrun.yaml:15: "schedule" cannot be kept. The cron expression "* * * * 9" is wrong at column 9, in its field day-of-week ("9"): value 9 not in range [0, 7]. Possible are 0 (Sunday) to 7 (Sunday), SUN to SAT, *, lists, ranges as MON-FRI.
            procrun.yaml:15: Service "database" has no command to run. Add "command:".
            procrun.yaml:16: There is no directory nowhere. Make it, or name another.
            procrun.yaml:17: "database" is given twice in "services" of the file, first in line 14. Keep one of them.
            procrun.yaml:19: Unknown key "verison" in the file; it would have no effect. Known are: services.
            """
                .lines()
                .toList());
  }

  @Test
  void yaml_isNone_saysWhere() throws IOException {
    write("procrun.yaml", "services:\n  web:\n    command: [\n");

    read("procrun.yaml");

    assertThat(said()).singleElement().asString().matches("procrun.yaml:\\d: This is not YAML: .+");
  }

  @Test
  void file_isNotThere_saysSo() {
    read("Procfile");

    assertThat(said())
        .singleElement()
        .asString()
        .startsWith("Procfile:1: The file cannot be read: ")
        .endsWith("Name another one with -f.");
  }

  @Test
  void envFile_isRead_andItsMistakesAreSaid() throws IOException {
    write(
        ".env",
        """
        # for all
        A=plain text # and this
        export B="two\\nlines \\"quoted\\"" # a comment
        C='$A \\n'
        D=
        no variable
        E="open
        """);

    var variables = EnvFile.read(directory.resolve(".env"), problems);

    assertThat(variables)
        .containsEntry("A", "plain text # and this")
        .containsEntry("B", "two\nlines \"quoted\"")
        .containsEntry("C", "$A \\n")
        .containsEntry("D", "");
    assertThat(said())
        .containsExactly(
            ".env:6: This is no variable. Write NAME=value, or # before a comment.",
            ".env:7: The quote is not closed on this line. Close it; for newlines write \\n.");
  }

  @Test
  void selection_takesWhatIsNeeded_inOrderOfNeed() throws IOException {
    write(
        "procrun.yaml",
        """
        services:
          web: {command: sleep 1, needs: [db, cache]}
          cache: {command: sleep 1, needs: db}
          db: {command: sleep 1}
          other: {command: sleep 1}
        """);
    var all = read("procrun.yaml");

    assertThat(Selection.of(all, List.of("web"), Map.of("cache", 2)))
        .extracting(ServiceConfig::name)
        .containsExactly("db", "cache", "web");
    assertThat(Selection.of(all, List.of(), Map.of("other", 0, "web", 0)))
        .extracting(ServiceConfig::name)
        .containsExactly("db", "cache");
    assertThatThrownBy(() -> Selection.of(all, List.of(), Map.of("db", 0)))
        .hasMessage("\"web\" needs \"db\", of which none is to run. Leave both out, or run one.");
    assertThatThrownBy(() -> Selection.of(all, List.of("wbe"), Map.of()))
        .hasMessage("There is no service \"wbe\". Did you mean \"web\"?");
  }

  @Test
  void shellLine_oneProgram_becomesIt() {
    assertThat(ShellLine.withoutShell("sleep $N 'a b'")).isEqualTo("exec sleep $N 'a b'");
    assertThat(ShellLine.withoutShell("sleep 1; date")).isEqualTo("sleep 1; date");
    assertThat(ShellLine.withoutShell("while :; do date; done")).startsWith("while");
    assertThat(ShellLine.withoutShell("A=b sleep 1")).isEqualTo("A=b sleep 1");
    assertThat(ShellLine.withoutShell("exec sleep 1")).isEqualTo("exec sleep 1");
    assertThat(ShellLine.withoutShell("trap x TERM")).isEqualTo("trap x TERM");
    assertThat(ShellLine.program("A=b exec ./run me")).contains("./run");
    assertThat(ShellLine.program("cd x && run")).isEmpty();
    assertThat(ShellLine.program("$CMD")).isEmpty();
  }
}
