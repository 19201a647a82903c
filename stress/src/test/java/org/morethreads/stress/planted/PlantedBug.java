package org.morethreads.stress.planted;

import java.util.List;

/**
 * A bug to be planted.
 *
 * @param name what it does
 * @param file the source that it is planted into
 * @param right what stands there, once
 * @param wrong what is put in its place
 * @param test the class that has to find it
 * @param method the method that has to find it
 * @param found part of what is said when it is found
 * @param options of the JVM
 */
record PlantedBug(
    String name,
    String file,
    String right,
    String wrong,
    String test,
    String method,
    String found,
    List<String> options) {

  private static final List<String> SCHEDULED =
      List.of(
          "-Dorg.morethreads.schedulePoints=true",
          "-Djdk.virtualThreadScheduler.parallelism=1",
          "-Djdk.virtualThreadScheduler.maxPoolSize=1");

  private static final List<String> PLAIN =
      List.of("-XX:+EnableDynamicAgentLoading", "--sun-misc-unsafe-memory-access=allow");

  /** For a test under the controlled scheduler. */
  static PlantedBug scheduled(
      String name,
      String file,
      String right,
      String wrong,
      String test,
      String method,
      String found) {
    return new PlantedBug(
        name, "org/morethreads/" + file, right, wrong, test, method, found, SCHEDULED);
  }

  /** For a test of another kind. */
  static PlantedBug plain(
      String name,
      String file,
      String right,
      String wrong,
      String test,
      String method,
      String found) {
    return new PlantedBug(
        name, "org/morethreads/" + file, right, wrong, test, method, found, PLAIN);
  }

  @Override
  public String toString() {
    return name;
  }
}
