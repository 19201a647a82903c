package org.morethreads;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;

/** Holds the layers of core, and what no class of core may do. */
class ArchitectureTest {
  private static final String ROOT = "org.morethreads.";

  /** The packages of core. Each may use those before it, and never those after it. */
  private static final List<String> LAYERS = List.of("internal", "sync", "queue", "thread", "work");

  /** The layers that core does not have yet. */
  private static final Set<String> FUTURE = Set.of();

  private static final DescribedPredicate<JavaCall<?>> MONITOR_METHODS =
      DescribedPredicate.describe(
          "wait, notify or notifyAll of Object",
          call ->
              call.getTargetOwner().isEquivalentTo(Object.class)
                  && Set.of("wait", "notify", "notifyAll").contains(call.getName()));

  private static JavaClasses classes;

  @BeforeAll
  static void importClasses() throws IOException, URISyntaxException {
    // A jar once core is packaged, else a directory; of core, and of nothing else.
    var core = Signal.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    assertThat(ModuleFinder.of(Path.of(core)).find("org.morethreads")).isPresent();
    Path place = Path.of(core);
    var importer = new ClassFileImporter();
    var all =
        Files.isDirectory(place)
            ? importer.importPath(place)
            : importer.importJar(new JarFile(place.toFile()));
    classes =
        all.that(
            DescribedPredicate.not(
                DescribedPredicate.describe(
                    "are package-info or module-info",
                    (JavaClass c) -> c.getSimpleName().endsWith("-info"))));
  }

  @Test
  void everyClassIsInAKnownLayer() {
    var found = new TreeSet<String>();
    classes.forEach(c -> found.add(c.getPackageName()));
    var known = new TreeSet<String>();
    LAYERS.forEach(layer -> known.add(ROOT + layer));
    assertThat(known).containsAll(found);
    FUTURE.forEach(layer -> known.remove(ROOT + layer));
    assertThat(found).as("layers that have classes").containsAll(known);
  }

  @Test
  void noLayerUsesALaterOne() {
    for (int i = 0; i < LAYERS.size() - 1; i++) {
      String[] later =
          LAYERS.subList(i + 1, LAYERS.size()).stream()
              .map(layer -> ROOT + layer + "..")
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(ROOT + LAYERS.get(i) + "..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(later)
          .because("the layers of core are, from the bottom: " + String.join(", ", LAYERS))
          .check(classes);
    }
  }

  /** Writes to standard error when the JVM is shutting down, or the log back end is broken. */
  private static final String LAST_RESORT = ROOT + "internal.Log";

  @Test
  void noClassWritesToStandardStreams() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS
        .because("core logs through System.Logger; only its last resort writes to standard error")
        .check(classes.that(DescribedPredicate.not(HasName.Predicates.name(LAST_RESORT))));
  }

  @Test
  void noMethodIsSynchronized() {
    noMethods()
        .should()
        .haveModifier(JavaModifier.SYNCHRONIZED)
        .because("a monitor that users can reach, and that the clock cannot see, protects nothing")
        .allowEmptyShould(true)
        .check(classes);
  }

  /** Finds out whether one thread of the JDK's waits for another, by a monitor of the JDK's. */
  private static final String LOOKS_AT_THREADS = ROOT + "thread.JvmThreads";

  @Test
  void noClassWaitsOnAMonitor() {
    noClasses()
        .should()
        .callMethodWhere(MONITOR_METHODS)
        .because("every wait parks through Surroundings, or virtual time and dumps miss it")
        .check(classes.that(DescribedPredicate.not(HasName.Predicates.name(LOOKS_AT_THREADS))));
  }
}
