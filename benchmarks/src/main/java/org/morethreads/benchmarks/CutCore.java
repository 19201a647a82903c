package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Path;

/** What core is built without, to see what it costs. */
enum CutCore {
  WITHOUT_HOOKS {
    @Override
    Path compile(Path sources, Path directory) throws IOException {
      return WithoutHooks.compile(sources, directory.resolve("without-hooks"));
    }
  },
  WITHOUT_STATISTICS {
    @Override
    Path compile(Path sources, Path directory) throws IOException {
      return WithoutStatistics.compile(sources, directory.resolve("without-statistics"));
    }
  };

  abstract Path compile(Path sources, Path directory) throws IOException;
}
