package org.morethreads.profiling;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/** Work of known size. */
final class Load {
  private static volatile long sink;

  private Load() {}

  static ThreadBuilder named(String name, boolean virtual) {
    ThreadBuilder builder = ManagedThread.named(name);
    return virtual ? builder : builder.platform();
  }

  /** So many equal pieces of work, each some tens of microseconds. */
  static void burn(int units) {
    for (int i = 0; i < units; i++) {
      unit(i);
    }
  }

  static void unit(int seed) {
    byte[] bytes = new byte[256];
    long hash = seed;
    for (int i = 0; i < 100; i++) {
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (hash + j);
      }
      hash = mix(hash, bytes);
    }
    sink += hash;
  }

  private static long mix(long hash, byte[] bytes) {
    long mixed = hash;
    for (byte each : bytes) {
      mixed = mixed * 31 + each;
    }
    return mixed;
  }

  /** How many units take about so much CPU time on this machine. */
  static int unitsIn(long millis) {
    burn(3_000); // until it is compiled
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long begin = threads.getCurrentThreadCpuTime(); // others may use the processor meanwhile
    burn(2_000);
    long each = Math.max(1, (threads.getCurrentThreadCpuTime() - begin) / 2_000);
    return (int) Math.min(200_000, Math.max(1_000, millis * 1_000_000 / each));
  }

  static void allocate(int kilobytes) {
    for (int i = 0; i < kilobytes; i++) {
      byte[] piece = new byte[1024 - 16];
      piece[i % 1000] = 1;
      sink += piece[(i + 1) % 1000];
    }
  }
}
