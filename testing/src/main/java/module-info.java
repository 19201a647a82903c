import org.jspecify.annotations.NullMarked;

/** Tests of code on managed threads: leak checks for JUnit, virtual time, order on demand. */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
module org.morethreads.testing {
  requires transitive org.morethreads;
  requires transitive org.junit.jupiter.api;
  requires static transitive org.assertj.core;
  requires static transitive org.jspecify;

  // For what java.util.logging is given. Done without where it is absent.
  requires static java.logging;

  exports org.morethreads.testing;

  opens org.morethreads.testing to
      org.junit.platform.commons; // makes the extension
}
