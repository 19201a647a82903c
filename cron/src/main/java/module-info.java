import org.jspecify.annotations.NullMarked;

/** Cron expressions as the times of a schedule. */
// The package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
@SuppressWarnings("requires-automatic") // cron-utils names its module in the manifest, for good
module org.morethreads.cron {
  requires transitive org.morethreads;
  requires com.cronutils;
  requires static transitive org.jspecify;

  exports org.morethreads.cron;
}
