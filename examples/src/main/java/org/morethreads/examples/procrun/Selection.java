package org.morethreads.examples.procrun;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.morethreads.examples.procrun.ServiceConfig.Need;

/** Which services are to run, how many of each, and in which order they are started. */
final class Selection {
  private final Map<String, ServiceConfig> services = new LinkedHashMap<>();

  private Selection(List<ServiceConfig> all) {
    all.forEach(it -> services.put(it.name(), it));
  }

  /**
   * Chooses.
   *
   * @param only the services wanted, with all that they need; none means all
   * @param counts how many instances of some
   * @return those that run, what is needed before what needs it
   * @throws IllegalArgumentException if a name is unknown, or something needs one of which none is
   *     to run
   */
  static List<ServiceConfig> of(
      List<ServiceConfig> all, List<String> only, Map<String, Integer> counts) {
    var selection = new Selection(all);
    counts.forEach(
        (name, count) -> selection.services.put(name, selection.known(name).withInstances(count)));
    Set<ServiceConfig> ordered = new LinkedHashSet<>();
    for (String name : only.isEmpty() ? selection.services.keySet() : only) {
      if (!only.isEmpty() || selection.known(name).instances() > 0) {
        selection.add(selection.known(name), ordered);
      }
    }
    return new ArrayList<>(ordered);
  }

  private ServiceConfig known(String name) {
    ServiceConfig service = services.get(name);
    if (service == null) {
      throw new IllegalArgumentException(
          "There is no service \"" + name + "\"." + Problems.didYouMean(name, services.keySet()));
    }
    return service;
  }

  private void add(ServiceConfig service, Set<ServiceConfig> ordered) {
    for (Need need : service.needs()) {
      ServiceConfig needed = known(need.name());
      if (needed.instances() == 0) {
        throw new IllegalArgumentException(
            "\"%s\" needs \"%s\", of which none is to run. Leave both out, or run one."
                .formatted(service.name(), needed.name()));
      }
      add(needed, ordered);
    }
    ordered.add(service);
  }
}
