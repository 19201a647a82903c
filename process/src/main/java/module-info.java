import org.jspecify.annotations.NullMarked;

/** Processes as children in the tree of threads, and commands in recycled shells. */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
module org.morethreads.process {
  requires transitive org.morethreads;
  requires static transitive org.jspecify;

  exports org.morethreads.process;
}
