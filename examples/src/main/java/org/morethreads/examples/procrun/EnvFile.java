package org.morethreads.examples.procrun;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.examples.procrun.Problems.Place;

/**
 * A file of variables: {@code NAME=value} lines, also with {@code export} before them and quotes
 * around the value. In double quotes {@code \n} is a newline, and a backslash before anything else
 * stands for that; in single quotes, and without any, all is as it is.
 */
final class EnvFile {
  private static final Pattern LINE =
      Pattern.compile("(?:export\\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)");

  private EnvFile() {}

  static Map<String, String> read(Path file, Problems problems) {
    Map<String, String> variables = new LinkedHashMap<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      problems.add(new Place(file, 1), "The file cannot be read: " + e + ".");
      return variables;
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Place place = new Place(file, i + 1);
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        variables.put(matcher.group(1), value(matcher.group(2).strip(), place, problems));
      } else {
        problems.add(place, "This is no variable. Write NAME=value, or # before a comment.");
      }
    }
    return variables;
  }

  private static String value(String text, Place place, Problems problems) {
    char quote = text.isEmpty() ? ' ' : text.charAt(0);
    if (quote != '"' && quote != '\'') {
      return text;
    }
    StringBuilder value = new StringBuilder();
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == quote) {
        String rest = text.substring(i + 1).strip();
        if (!rest.isEmpty() && !rest.startsWith("#")) {
          problems.add(place, "There is something after the closing quote. Take it away.");
        }
        return value.toString();
      }
      if (c == '\\' && quote == '"' && i + 1 < text.length()) {
        c = text.charAt(++i);
        c = c == 'n' ? '\n' : c;
      }
      value.append(c);
    }
    problems.add(place, "The quote is not closed on this line. Close it; for newlines write \\n.");
    return value.toString();
  }
}
