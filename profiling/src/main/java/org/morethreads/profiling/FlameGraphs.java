package org.morethreads.profiling;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import one.convert.Arguments;
import one.convert.CallStack;
import one.convert.FlameGraph;
import one.convert.Frame;

/**
 * Flame graphs with the tree of threads below the methods, made by the converter of the
 * async-profiler project.
 */
final class FlameGraphs {
  private FlameGraphs() {}

  static Path write(Profile.Stacks stacks, long unit, String title, String coverage, Path file)
      throws IOException {
    Arguments arguments = new Arguments();
    arguments.title =
        escaped(title) + "<br><small style=\"font-size:11px\">" + escaped(coverage) + "</small>";
    arguments.minwidth = 0.02; // in percent: what is narrower cannot be seen anyway
    FlameGraph graph = new FlameGraph(arguments);
    stacks.byPath.forEach((path, weights) ->
        weights.forEach((stack, weight) -> {
          CallStack frames = new CallStack();
          for (String name : path.split("/", -1)) {
            frames.push(name.isEmpty() ? "?" : name, Frame.TYPE_NATIVE);
          }
          push(stack, frames);
          graph.addSample(frames, Math.max(1, weight.amount / unit));
        }));
    try (OutputStream out = Files.newOutputStream(file)) {
      graph.dump(out);
    }
    return file;
  }

  private static void push(List<org.morethreads.profiling.Frame> stack, CallStack frames) {
    for (org.morethreads.profiling.Frame frame : stack) {
      frames.push(frame.name(), Frame.TYPE_JIT_COMPILED);
    }
  }

  /** The title goes into HTML as it is. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
