package org.morethreads.examples.procrun;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.morethreads.examples.procrun.ServiceConfig.Need;
import org.morethreads.examples.procrun.ServiceConfig.Ready;

/** What can be wrong between services that are each well described. */
final class ConfigCheck {
  private final Map<String, ServiceConfig> services = new LinkedHashMap<>();
  private final Problems problems;

  private ConfigCheck(List<ServiceConfig> services, Problems problems) {
    services.forEach(it -> this.services.put(it.name(), it));
    this.problems = problems;
  }

  /** Checks all of them; {@code path} is where commands are looked for. */
  static void check(List<ServiceConfig> services, String path, Problems problems) {
    var check = new ConfigCheck(services, problems);
    check.names();
    check.needs();
    check.cycles();
    check.ports();
    services.forEach(it -> check.command(it, path));
  }

  private void names() {
    Map<String, ServiceConfig> owners = new HashMap<>();
    for (ServiceConfig service : services.values()) {
      for (String name : service.instanceNames()) {
        ServiceConfig other = owners.putIfAbsent(name, service);
        if (other != null) {
          problems.add(
              service.place(),
              "Two would be called \"%s\": one of \"%s\" and one of \"%s\". Rename a service."
                  .formatted(name, other.name(), service.name()));
        }
      }
    }
  }

  private void needs() {
    for (ServiceConfig service : services.values()) {
      for (Need need : service.needs()) {
        if (!services.containsKey(need.name())) {
          problems.add(
              need.place(),
              "Service \"%s\" needs \"%s\", which is not there; it would never start.%s"
                  .formatted(
                      service.name(),
                      need.name(),
                      Problems.didYouMean(need.name(), services.keySet())));
        }
      }
    }
  }

  /** Each cycle once, where it is closed. */
  private void cycles() {
    Set<String> done = new LinkedHashSet<>();
    services.keySet().forEach(it -> follow(it, new LinkedHashSet<>(), done));
  }

  private void follow(String name, Set<String> path, Set<String> done) {
    ServiceConfig service = services.get(name);
    if (service == null || done.contains(name)) {
      return;
    }
    path.add(name);
    for (Need need : service.needs()) {
      if (path.contains(need.name())) {
        List<String> cycle = new ArrayList<>(path);
        cycle = cycle.subList(cycle.indexOf(need.name()), cycle.size());
        problems.add(
            need.place(),
            "Services need each other in a circle, so that none could start: %s -> %s. Take one of the needs away."
                .formatted(String.join(" -> ", cycle), need.name()));
      } else {
        follow(need.name(), path, done);
      }
    }
    path.remove(name);
    done.add(name);
  }

  private void ports() {
    Map<Integer, ServiceConfig> owners = new HashMap<>();
    for (ServiceConfig service : services.values()) {
      Set<Integer> ports = new LinkedHashSet<>();
      for (int i = 0; i < (service.portGiven() ? service.instances() : 0); i++) {
        ports.add(service.port() + i);
      }
      if (service.ready() instanceof Ready.Port(int number)) {
        ports.add(number);
      }
      for (int port : ports) {
        ServiceConfig other = owners.putIfAbsent(port, service);
        if (other != null) {
          problems.add(
              service.place(),
              "Port %d is given to \"%s\" and to \"%s\", and only one can have it. Choose another."
                  .formatted(port, other.name(), service.name()));
        }
      }
    }
  }

  private void command(ServiceConfig service, String path) {
    Stream.Builder<String> lines = Stream.builder();
    lines.add(service.command());
    if (service.ready() instanceof Ready.Command(String line)) {
      lines.add(line);
    }
    lines
        .build()
        .flatMap(line -> ShellLine.program(line).stream())
        .filter(word -> !isThere(word, service, path))
        .forEach(word ->
            problems.add(
                service.place(),
                "The command \"%s\" of service \"%s\" is not there. Install it, correct the name, or add its directory to PATH."
                    .formatted(word, service.name())));
  }

  private static boolean isThere(String word, ServiceConfig service, String path) {
    if (word.contains("/")) {
      return isProgram(service.directory().resolve(word));
    }
    String all = service.environment().getOrDefault("PATH", path);
    return Pattern.compile(":").splitAsStream(all).anyMatch(it -> isProgram(Path.of(it, word)));
  }

  private static boolean isProgram(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
