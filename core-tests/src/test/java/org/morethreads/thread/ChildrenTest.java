package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** H1: which number a child gets, and what is kept of the names of those that are gone. */
@Timeout(20)
class ChildrenTest {
  @RegisterExtension final Grove grove = new Grove();

  private final Children children = new Children();
  private ThreadTree tree;

  @BeforeEach
  void open() {
    tree = grove.open("t");
  }

  @AfterEach
  void close() {
    tree.close();
  }

  private Node link(String name) {
    Node child = new Node(tree, tree.root, name, Options.ADOPTED, null);
    children.link(child);
    return child;
  }

  @Test
  void link_namesThatNeverComeAgain_areForgotten() {
    for (int i = 0; i < 100; i++) {
      children.unlink(link("request-" + i));
    }
    assertThat(children.countNames()).isEqualTo(1);
    assertThat(children.count).isZero();
  }

  @Test
  void unlink_inTheOrderOfTheStarts_forgetsEachName() {
    Node a = link("a");
    Node b = link("b");
    Node c = link("c");
    assertThat(children.countNames()).isEqualTo(3);
    children.unlink(a);
    children.unlink(b);
    children.unlink(c);
    assertThat(children.countNames()).isEqualTo(1);
    link("d");
    assertThat(children.countNames()).isEqualTo(1);
  }

  @Test
  void link_nameIsGone_countsAnew() {
    children.unlink(link("a"));
    assertThat(link("a").ordinal).isEqualTo(1);
    assertThat(link("a").ordinal).isEqualTo(2);
  }

  @Test
  void link_firstOfTheNameIsGoneAndAnotherLives_countsOn() {
    Node first = link("a");
    Node second = link("a");
    children.unlink(first);
    children.unlink(link("b"));
    assertThat(link("a").ordinal).isEqualTo(3);
    assertThat(second.ordinal).isEqualTo(2);
  }

  /** As when each start makes its name anew. */
  @Test
  void link_equalNamesThatAreOtherStrings_countsThemAsOne() {
    children.unlink(link("worker-" + Math.abs(1)));
    assertThat(link("worker-" + Math.abs(1)).ordinal).isEqualTo(1);
    link("other");
    assertThat(link("worker-" + Math.abs(1)).ordinal).isEqualTo(2);
  }
}
