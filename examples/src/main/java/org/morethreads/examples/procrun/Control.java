package org.morethreads.examples.procrun;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.UnaryOperator;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/**
 * A socket in the file system through which a running procrun is asked and ordered: a line is sent,
 * and text comes back. Only its owner can reach it.
 */
final class Control implements AutoCloseable {
  /** What the first line of an answer is when all is well. */
  static final String OK = "ok";

  private final Path file;
  private final ServerSocketChannel server;

  private Control(Path file, ServerSocketChannel server) {
    this.file = file;
    this.server = server;
  }

  /**
   * Opens the socket. One that a killed procrun has left is replaced.
   *
   * @throws IOException if it cannot be opened, or is in use
   */
  static Control open(Path file) throws IOException {
    var address = UnixDomainSocketAddress.of(file);
    if (Files.exists(file)) {
      try (SocketChannel _ = SocketChannel.open(address)) {
        throw new IOException(
            "procrun is running here already: it listens at %s. Stop it, or choose another file with --socket."
                .formatted(file));
      } catch (SocketException nobodyListens) {
        Files.delete(file);
      }
    }
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(address);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      return new Control(file, server);
    } catch (IOException e) {
      server.close();
      throw new IOException(
          "The socket %s cannot be made: %s. Choose another file with --socket; its path may have about 100 letters."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Answers whoever connects, until told to stop. */
  void serve(UnaryOperator<String> answers, Signal pleaseStop) throws IOException {
    pleaseStop.then(() -> closeQuietly(server)); // which ends accept
    try {
      while (!pleaseStop.isSignalled()) {
        SocketChannel client = server.accept();
        var _ = ManagedThread.run("client", stop -> answer(client, answers, stop));
      }
    } catch (ClosedChannelException e) {
      if (!pleaseStop.isSignalled()) {
        throw e;
      }
    }
  }

  private static void answer(SocketChannel client, UnaryOperator<String> answers, Signal stop) {
    var closing = stop.then(() -> closeQuietly(client)); // which ends read
    try (client) {
      String line = reader(client).readLine();
      if (line != null) {
        client.write(StandardCharsets.UTF_8.encode(answers.apply(line)));
      }
    } catch (IOException gone) {
      // nobody is left to be told
    } finally {
      boolean _ = closing.remove();
    }
  }

  private static BufferedReader reader(SocketChannel channel) {
    return new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  private static void closeQuietly(Closeable channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // reported as the failure of an action
    }
  }

  /**
   * Asks a running procrun.
   *
   * @return the lines of the answer
   * @throws IOException if none runs there
   */
  static List<String> ask(Path file, String line) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
      channel.write(StandardCharsets.UTF_8.encode(line + "\n"));
      return reader(channel).lines().toList();
    } catch (IOException | UncheckedIOException e) {
      throw new IOException(
          "No procrun answers at %s: %s. Start one there, or name its --socket."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(file);
  }
}
