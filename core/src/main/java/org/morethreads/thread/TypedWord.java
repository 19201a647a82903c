package org.morethreads.thread;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.morethreads.internal.Log;

/**
 * Stops a tree when a word is typed. One daemon reads for all who listen, since two would take each
 * other's lines; a read of standard input cannot be ended, so it reads on when nobody listens.
 */
final class TypedWord implements AutoCloseable {
  private static final List<TypedWord> LISTENING = new CopyOnWriteArrayList<>();

  private static final AtomicBoolean READING = new AtomicBoolean();

  private final ThreadTree tree;
  private final String word;

  private TypedWord(ThreadTree tree, String word) {
    this.tree = tree;
    this.word = word;
  }

  /** Listens until the returned object is closed. */
  static TypedWord listen(ThreadTree tree, String word) {
    TypedWord listener = new TypedWord(tree, word);
    LISTENING.add(listener);
    if (READING.compareAndSet(false, true)) {
      Thread.ofPlatform()
          .daemon(true)
          .name("more-threads-standard-input")
          .inheritInheritableThreadLocals(false)
          .start(TypedWord::read);
    }
    return listener;
  }

  @Override
  public void close() {
    LISTENING.remove(this);
  }

  private static void read() {
    try {
      // not closed: standard input is not ours
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, charset()));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String typed = line.strip();
        for (TypedWord listener : LISTENING) {
          if (listener.word.equals(typed)) {
            listener.tree.stop("\"" + typed + "\" was typed");
          }
        }
      }
    } catch (IOException e) {
      Log.error("Standard input cannot be read; typed words will not be heard.", e);
    }
  }

  private static Charset charset() {
    String name = System.getProperty("stdin.encoding");
    return name != null && Charset.isSupported(name)
        ? Charset.forName(name)
        : Charset.defaultCharset();
  }
}
