package org.morethreads.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Holds that the documents show only code that is compiled, and link only to what is there. A block
 * of Java that is meant to differ, such as code of others that a page compares with ours, has a
 * line {@code <!-- not compiled: why -->} above it.
 */
class DocumentationTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize().getParent();

  private static final String NOT_COMPILED = "<!-- not compiled:";
  private static final Pattern LINK = Pattern.compile("(?<!!)\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *#*$");

  private static List<Path> documents;
  private static List<String> sources;

  /** A block of Java in a document. */
  private record Block(Path document, int line, String text) {
    @Override
    public String toString() {
      return ROOT.relativize(document) + ":" + line + "\n" + text + "\n";
    }
  }

  @BeforeAll
  static void readEverything() throws IOException {
    documents = new ArrayList<>();
    try (var top = Files.list(ROOT)) {
      top.filter(DocumentationTest::isDocument).forEach(documents::add);
    }
    try (var below = Files.walk(ROOT.resolve("docs"))) {
      below.filter(DocumentationTest::isDocument).forEach(documents::add);
    }
    sources = new ArrayList<>();
    try (var modules = Files.list(ROOT)) {
      for (Path module : modules.filter(m -> Files.isRegularFile(m.resolve("pom.xml"))).toList()) {
        addSources(module.resolve("src"));
      }
    }
    assertThat(documents).contains(ROOT.resolve("README.md"));
  }

  private static boolean isDocument(Path file) {
    return file.toString().endsWith(".md");
  }

  private static void addSources(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (var below = Files.walk(directory)) {
      for (Path file : below.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.add(withoutSpace(Files.readString(file)));
      }
    }
  }

  /** White space and the marks of snippet regions do not count. */
  private static String withoutSpace(String text) {
    return text.replaceAll("// @(start|end|highlight|replace|link)\\b.*", "")
        .replaceAll("\\s+", "");
  }

  @Test
  void everyBlockOfJavaIsCompiled() throws IOException {
    var blocks = new ArrayList<Block>();
    for (Path document : documents) {
      blocks.addAll(blocksOf(document));
    }
    assertThat(blocks).as("blocks of Java in the documents").isNotEmpty();
    assertThat(blocks)
        .filteredOn(block -> !isCompiled(block))
        .as(
            "blocks of Java that are in no source: put each into src/snippets/java of a module, or"
                + " write <!-- not compiled: why --> above it")
        .isEmpty();
  }

  private static boolean isCompiled(Block block) {
    String wanted = withoutSpace(block.text());
    return sources.stream().anyMatch(source -> source.contains(wanted));
  }

  @Test
  void everyRelativeLinkLeadsSomewhere() throws IOException {
    var broken = new ArrayList<String>();
    for (Path document : documents) {
      String text = withoutCode(Files.readString(document));
      LINK.matcher(text)
          .results()
          .map(link -> link.group(1))
          .filter(target -> !target.matches("(https?|mailto):.*"))
          .filter(target -> !leadsSomewhere(document, target))
          .forEach(target -> broken.add(ROOT.relativize(document) + " -> " + target));
    }
    assertThat(broken).as("links to files or headings that are not there").isEmpty();
  }

  private static List<Block> blocksOf(Path document) throws IOException {
    var found = new ArrayList<Block>();
    List<String> lines = Files.readAllLines(document);
    String before = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.startsWith("```")) {
        int end = i + 1;
        while (end < lines.size() && !lines.get(end).strip().equals("```")) {
          end++;
        }
        if (line.equals("```java") && !before.startsWith(NOT_COMPILED)) {
          found.add(new Block(document, i + 1, String.join("\n", lines.subList(i + 1, end))));
        }
        i = end;
        before = "";
      } else if (!line.isEmpty()) {
        before = line;
      }
    }
    return found;
  }

  private static String withoutCode(String text) {
    return text.replaceAll("(?ms)^ *```.*?^ *``` *$", "").replaceAll("`[^`\n]*`", "code");
  }

  private static boolean leadsSomewhere(Path document, String target) {
    int hash = target.indexOf('#');
    String file = hash < 0 ? target : target.substring(0, hash);
    Path path =
        file.isEmpty() ? document : document.resolveSibling(file).toAbsolutePath().normalize();
    if (!path.startsWith(ROOT) || !Files.exists(path)) {
      return false;
    }
    return hash < 0 || !isDocument(path) || anchorsOf(path).contains(target.substring(hash + 1));
  }

  private static Set<String> anchorsOf(Path document) {
    try (Stream<String> headings =
        HEADING.matcher(Files.readString(document)).results().map(heading -> heading.group(1))) {
      var anchors = new HashSet<String>();
      headings.forEach(heading ->
          anchors.add(
              heading
                  .toLowerCase(Locale.ROOT)
                  .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                  .replace(' ', '-')));
      return anchors;
    } catch (IOException e) {
      throw new AssertionError("cannot read " + document, e);
    }
  }
}
