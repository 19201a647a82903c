import org.jspecify.annotations.NullMarked;

/** Metrics of managed threads and queues for Micrometer. */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
@SuppressWarnings({
  "requires-automatic",
  "requires-transitive-automatic"
}) // Micrometer has no module-info
module org.morethreads.micrometer {
  requires transitive org.morethreads;
  requires transitive micrometer.core;
  requires static transitive org.jspecify;

  exports org.morethreads.micrometer;
}
