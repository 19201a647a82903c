package org.morethreads.examples.census;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Where class files come from: the running JDK, a jar, a directory, or a single file. */
sealed interface ClassSource {
  /** The classes of the running JDK. */
  String JDK = "jrt:/";

  /** A class file that has been found, but not read yet. */
  record Found(String home, String file, Reader reader) {
    byte[] read() throws IOException {
      return reader.read();
    }
  }

  /** Reads a found class file. */
  @FunctionalInterface
  interface Reader {
    byte[] read() throws IOException;
  }

  /** Receives what is found; answers whether it wants more. */
  @FunctionalInterface
  interface Visitor {
    boolean visit(Found found) throws InterruptedException;
  }

  /** Finds all class files, until the visitor has enough. */
  void visit(Visitor visitor) throws IOException, InterruptedException;

  /** Chooses by what the input is. */
  static ClassSource of(String input) throws IOException {
    if (input.equals(JDK)) {
      return new Directory(FileSystems.getFileSystem(URI.create(JDK)).getPath("/modules"), true);
    }
    Path path = Path.of(input);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(input, null, "no such file or directory");
    }
    return Files.isDirectory(path) || input.endsWith(".class")
        ? new Directory(path, false)
        : new Jar(path);
  }

  /** A directory tree; the first level of the JDK's holds the modules. */
  record Directory(Path root, boolean byModule) implements ClassSource {
    @Override
    public void visit(Visitor visitor) throws IOException, InterruptedException {
      try (Stream<Path> files = Files.walk(root)) {
        for (Iterator<Path> each = files.iterator(); each.hasNext(); ) {
          Path file = each.next();
          if (file.toString().endsWith(".class")
              && !visitor.visit(
                  new Found(home(file), file.toString(), () -> Files.readAllBytes(file)))) {
            return;
          }
        }
      }
    }

    private String home(Path file) {
      return byModule ? file.getName(1).toString() : root.toString();
    }
  }

  /**
   * A jar. Read through ZipFile, which an interrupt of one reader does not close for the others.
   */
  record Jar(Path path) implements ClassSource {
    @Override
    public void visit(Visitor visitor) throws IOException, InterruptedException {
      // not closed here: what was found is read later, by others; the operating system closes it at
      // the end
      ZipFile zip = new ZipFile(path.toFile());
      for (Enumeration<? extends ZipEntry> each = zip.entries(); each.hasMoreElements(); ) {
        ZipEntry entry = each.nextElement();
        if (entry.getName().endsWith(".class")
            && !visitor.visit(
                new Found(path.toString(), path + "!" + entry.getName(), () -> read(zip, entry)))) {
          return;
        }
      }
    }

    private static byte[] read(ZipFile zip, ZipEntry entry) throws IOException {
      try (InputStream in = zip.getInputStream(entry)) {
        return in.readAllBytes();
      }
    }
  }
}
