package org.morethreads.thread;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import org.morethreads.internal.Log;

/**
 * Stops a tree when a word is typed. Reads on a daemon of its own, since a read of standard input
 * cannot be ended.
 */
final class TypedWord {
  private TypedWord() {}

  static void listen(ThreadTree tree, String word) {
    Thread.ofPlatform()
        .daemon(true)
        .name("waits for \"" + word + "\"")
        .start(() -> readUntil(tree, word));
  }

  private static void readUntil(ThreadTree tree, String word) {
    try {
      // not closed: standard input is not ours
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.strip().equals(word)) {
          tree.stop("\"" + word + "\" was typed");
          return;
        }
      }
    } catch (IOException e) {
      Log.error("Standard input cannot be read; \"" + word + "\" will not be heard.", e);
    }
  }
}
