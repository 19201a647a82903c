package org.morethreads.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Holds that the table of {@code docs/testing.md} has every guarantee of {@code docs/design.md},
 * and that each test it names is there, with the methods and classes inside that it names.
 */
class TestingTableTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize().getParent();

  private static final String HEADING = "## Which tests show which guarantee";

  private static final Pattern GUARANTEE = Pattern.compile("(?m)^- \\*\\*([STLHQPG]\\d+)\\*\\* ");
  private static final Pattern NUMBER =
      Pattern.compile("([STLHQPG])(\\d+)(?: to [STLHQPG](\\d+))?");

  /** A test in backticks, perhaps a class inside it, perhaps more about it in parentheses. */
  private static final Pattern TEST =
      Pattern.compile("`([A-Z]\\w*Test)(?:\\.(\\w+))?`(?: \\(([^)]*)\\))?");

  private static final Pattern BEGINNING = Pattern.compile("`([a-z]\\w*_)…`");
  private static final Pattern END = Pattern.compile("`…(\\w+)`");

  private static Map<String, String> sources;
  private static List<String> rows;

  @BeforeAll
  static void readEverything() throws IOException {
    sources = new HashMap<>();
    try (var modules = Files.list(ROOT)) {
      for (Path module : modules.filter(m -> Files.isDirectory(m.resolve("src"))).toList()) {
        try (var below = Files.walk(module.resolve("src"))) {
          for (Path file : below.filter(f -> f.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString().replace(".java", "");
            sources.merge(name, Files.readString(file), String::concat);
          }
        }
      }
    }
    String document = Files.readString(ROOT.resolve("docs/testing.md"));
    assertThat(document).contains(HEADING);
    rows =
        document
            .substring(document.indexOf(HEADING))
            .lines()
            .filter(
                line -> line.startsWith("| ") && !line.startsWith("| |") && !line.startsWith("| -"))
            .toList();
    assertThat(rows).hasSizeGreaterThan(20);
  }

  @Test
  void everyGuaranteeHasARow() throws IOException {
    Set<String> wanted = new TreeSet<>();
    GUARANTEE
        .matcher(Files.readString(ROOT.resolve("docs/design.md")))
        .results()
        .forEach(found -> wanted.add(found.group(1)));
    assertThat(wanted).contains("S1", "T1", "L1", "H1", "Q1", "P1", "G1");
    Set<String> shown = new TreeSet<>();
    for (String row : rows) {
      NUMBER
          .matcher(row.substring(0, row.indexOf('|', 1)))
          .results()
          .forEach(found -> {
            int first = Integer.parseInt(found.group(2));
            int last = found.group(3) == null ? first : Integer.parseInt(found.group(3));
            for (int number = first; number <= last; number++) {
              shown.add(found.group(1) + number);
            }
          });
    }
    assertThat(shown).isEqualTo(wanted);
  }

  @Test
  void everyRowOfAGuaranteeNamesATest() {
    assertThat(rows).allSatisfy(row -> assertThat(TEST.matcher(row).find()).as(row).isTrue());
  }

  @Test
  void everyTestThatIsNamedIsThere() {
    List<String> missing = new ArrayList<>();
    for (String row : rows) {
      TEST.matcher(row).results().forEach(found -> lookFor(found, missing));
    }
    assertThat(missing).as("named in docs/testing.md, and not there").isEmpty();
  }

  private static void lookFor(MatchResult found, List<String> missing) {
    String source = sources.get(found.group(1));
    if (source == null) {
      missing.add(found.group());
      return;
    }
    if (found.group(2) != null && !source.contains("class " + found.group(2) + " ")) {
      missing.add(found.group());
    }
    String more = found.group(3) == null ? "" : found.group(3);
    BEGINNING
        .matcher(more)
        .results()
        .filter(each -> !source.contains(" " + each.group(1)))
        .forEach(each -> missing.add(found.group(1) + ": " + each.group()));
    END.matcher(more)
        .results()
        .filter(
            each -> !Pattern.compile("class \\w*" + each.group(1) + "\\b").matcher(source).find())
        .forEach(each -> missing.add(found.group(1) + ": " + each.group()));
  }
}
