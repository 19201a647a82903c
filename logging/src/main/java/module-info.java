import org.jspecify.annotations.NullMarked;

/**
 * The log written off its callers' threads, to the last record; adapters for Logback and Log4j 2.
 */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
module org.morethreads.logging {
  requires transitive org.morethreads;
  requires static transitive org.jspecify;

  // Each is used by one package only, or behind a look whether it is there.
  requires static transitive org.slf4j;
  requires static transitive ch.qos.logback.classic;
  requires static transitive ch.qos.logback.core;
  requires static transitive org.apache.logging.log4j;
  requires static transitive org.apache.logging.log4j.core;
  requires static transitive context.propagation;

  exports org.morethreads.logging;
  exports org.morethreads.logging.logback;
  exports org.morethreads.logging.log4j;
  exports org.morethreads.logging.micrometer;

  // Made and configured by reflection.
  opens org.morethreads.logging.logback to
      ch.qos.logback.core;
  opens org.morethreads.logging.log4j to
      org.apache.logging.log4j.core;

  provides System.LoggerFinder with
      org.morethreads.logging.LogWriterFinder;
}
