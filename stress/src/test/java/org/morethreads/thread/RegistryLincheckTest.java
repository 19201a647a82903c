package org.morethreads.thread;

import static org.morethreads.stress.lincheck.Pairs.call;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.stress.lincheck.Checks;
import org.morethreads.stress.lincheck.HandTime;
import org.morethreads.stress.lincheck.Pairs;

/**
 * The registry of children of a node is linearizable (H1, H2): who is there, in what order, of what
 * name; who is born told; that none comes after it has been closed.
 */
@Tag("lincheck")
class RegistryLincheckTest {
  private static final int SLOTS = 8;

  /** Adopted threads, of which each has one place. */
  @Param(name = "thread", gen = ThreadIdGen.class)
  public static final class Operations {
    private static final ThreadTree TREE =
        ThreadTree.open(Library.MEMBER, "lincheck", StopPolicy.standard(), new HandTime(), false);

    private static final Told TOLD =
        new Told(
            new StopReason(StopReason.Kind.REQUESTED, "test", "told"),
            0,
            Instant.EPOCH,
            Long.MAX_VALUE / 2,
            false);

    private final Node parent = new Node(TREE, TREE.root, "parent", Options.ADOPTED, null);
    private final Node[] here = new Node[SLOTS];

    @Operation
    public String come(@Param(name = "thread") int thread) {
      if (here[thread] != null) {
        return "is here";
      }
      Node child = new Node(TREE, parent, "child", Options.ADOPTED, null);
      child.adoptCurrentThread(Surroundings.unmanaged());
      here[thread] = child;
      return child.ownName() + (child.told() == null ? "" : ", told");
    }

    @Operation
    public boolean leave(@Param(name = "thread") int thread) {
      Node child = here[thread];
      if (child == null) {
        return false;
      }
      here[thread] = null;
      child.leaveAdoptedThread(Surroundings.unmanaged());
      return true;
    }

    @Operation
    public List<String> names() {
      return Arrays.stream(parent.childrenBeyond(0)).map(Node::ownName).toList();
    }

    @Operation
    public int count() {
      return parent.childCount();
    }

    @Operation
    public boolean close() {
      return parent.closeIfEmpty();
    }

    @Operation
    public void refuse() {
      parent.refuseChildren();
    }

    @Operation
    public boolean tell() {
      return parent.markToldAnyway(TOLD);
    }

    /** At the end: the list holds those who are here, and no others, both ways. */
    @Validate
    public void checkLinks() {
      Node[] listed = parent.childrenBeyond(0);
      List<Node> expected = Arrays.stream(here).filter(Objects::nonNull).toList();
      if (listed.length != parent.childCount() || !expected.containsAll(Arrays.asList(listed))) {
        throw new AssertionError("listed: " + Arrays.asList(listed) + ", here: " + expected);
      }
      for (int i = 1; i < listed.length; i++) {
        if (listed[i].newer != listed[i - 1] || listed[i - 1].order <= listed[i].order) {
          throw new AssertionError("not linked both ways, or out of order");
        }
      }
    }
  }

  /** The same for one thread. */
  public static final class Specification {
    private final int[] here = new int[SLOTS];
    private final List<Integer> newestFirst = new ArrayList<>();
    private int given;
    private boolean closed;
    private boolean refusing;
    private boolean told;

    private static String name(int ordinal) {
      return ordinal == 1 ? "child" : "child#" + ordinal;
    }

    public String come(int thread) {
      if (here[thread] != 0) {
        return "is here";
      }
      if (closed || refusing) {
        throw new IllegalStateException("links none");
      }
      here[thread] = ++given;
      newestFirst.addFirst(given);
      return name(given) + (told ? ", told" : "");
    }

    public boolean leave(int thread) {
      if (here[thread] == 0) {
        return false;
      }
      newestFirst.remove((Integer) here[thread]);
      here[thread] = 0;
      if (newestFirst.isEmpty()) {
        given = 0;
      }
      return true;
    }

    public List<String> names() {
      return newestFirst.stream().map(Specification::name).toList();
    }

    public int count() {
      return newestFirst.size();
    }

    public boolean close() {
      closed |= newestFirst.isEmpty();
      return closed;
    }

    public void refuse() {
      refusing = true;
    }

    public boolean tell() {
      boolean first = !told;
      told = true;
      return first;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Specification its
          && Arrays.equals(its.here, here)
          && its.newestFirst.equals(newestFirst)
          && its.given == given
          && its.closed == closed
          && its.refusing == refusing
          && its.told == told;
    }

    @Override
    public int hashCode() {
      return Objects.hash(Arrays.hashCode(here), newestFirst, given, closed, refusing, told);
    }
  }

  @Test
  void children_pairsModelChecked_areLinearizable() {
    Checks.modelCheck(
        Operations.class,
        Specification.class,
        Pairs.of(Operations.class)
            .from()
            .from(call("come", 0))
            .meet(call("come", Pairs.THREAD), call("leave", Pairs.THREAD), call("close"))
            .meetApart(call("tell"), call("refuse"))
            .end(call("names"), call("count")));
  }

  @Test
  void children_modelChecked_areLinearizable() {
    Checks.modelCheck(Operations.class, Specification.class);
  }

  @Test
  void children_stressed_areLinearizable() {
    Checks.stress(Operations.class, Specification.class);
  }
}
