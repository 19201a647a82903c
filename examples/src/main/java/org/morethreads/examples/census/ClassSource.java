package org.morethreads.examples.census;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Enumeration;
import java.util.function.BiConsumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Where class files come from: the running JDK, a jar, a directory, or a single file. */
final class ClassSource {
  /** The classes of the running JDK. */
  static final String JDK = "jrt:/";

  private final Visitor visitor;
  private final BiConsumer<String, Exception> failures;

  private ClassSource(Visitor visitor, BiConsumer<String, Exception> failures) {
    this.visitor = visitor;
    this.failures = failures;
  }

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

  /**
   * Finds all class files of an input, until the visitor has enough. What cannot be opened is named
   * to {@code failures}, and the rest goes on.
   */
  static void visit(String input, Visitor visitor, BiConsumer<String, Exception> failures)
      throws InterruptedException {
    var source = new ClassSource(visitor, failures);
    try {
      if (input.equals(JDK)) {
        var modules = FileSystems.getFileSystem(URI.create(JDK)).getPath("/modules");
        boolean _ = source.directory(modules, modules);
        return;
      }
      Path path = Path.of(input);
      if (Files.readAttributes(path, BasicFileAttributes.class).isDirectory()) {
        boolean _ = source.directory(path, path);
      } else if (input.endsWith(".class")) {
        boolean _ = source.file(path, path);
      } else {
        source.jar(path);
      }
    } catch (IOException | RuntimeException e) {
      failures.accept(input, e);
    }
  }

  /** Visits the files below a directory; follows no links, so that it ends. */
  private boolean directory(Path root, Path directory) throws InterruptedException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        boolean goOn =
            Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                ? directory(root, entry)
                : !entry.toString().endsWith(".class") || file(root, entry);
        if (!goOn) {
          return false;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      failures.accept(directory.toString(), e);
    }
    return true;
  }

  private boolean file(Path root, Path file) throws InterruptedException {
    boolean ofJdk = !file.getFileSystem().equals(FileSystems.getDefault());
    return visitor.visit(
        new Found(
            ofJdk ? file.getName(1).toString() : root.toString(), // there it is /modules/MODULE/…
            file.toString(),
            () -> Files.readAllBytes(file)));
  }

  /**
   * Visits a jar. It is not closed here, since what was found is read later, by others; and it is
   * read through ZipFile, which an interrupt of one reader does not close for the others.
   */
  private void jar(Path jar) throws IOException, InterruptedException {
    ZipFile zip = new ZipFile(jar.toFile());
    for (Enumeration<? extends ZipEntry> each = zip.entries(); each.hasMoreElements(); ) {
      ZipEntry entry = each.nextElement();
      if (entry.getName().endsWith(".class")
          && !visitor.visit(
              new Found(jar.toString(), jar + "!" + entry.getName(), () -> read(zip, entry)))) {
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
