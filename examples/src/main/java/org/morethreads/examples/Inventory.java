package org.morethreads.examples;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.morethreads.thread.Scope;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.work.Actor;

/** An actor owns a map without a lock: others tell it what to change, and ask what is in it. */
public class Inventory {
  public static void main(String... arguments) throws InterruptedException {
    try (Actor<Map<String, Integer>> stock = Actor.start("stock", HashMap::new)) {
      Scope.run(
          "deliveries",
          scope -> {
            for (var truck : List.of("north", "south", "west")) {
              scope.run(
                  truck,
                  pleaseStop -> {
                    for (int i = 0; i < 100; i++) {
                      stock.tell(items -> items.merge("apples", 1, Integer::sum));
                    }
                  });
            }
          });
      int apples = stock.ask(items -> items.get("apples"));
      System.out.println(apples + " apples");
      try {
        int pears = stock.ask(items -> items.get("pears").intValue());
        System.out.println(pears + " pears");
      } catch (ThreadFailedException e) { // the failure goes to who asked; the actor goes on
        System.out.println("no pears: " + e.getCause().getClass().getSimpleName());
      }
      System.out.println(stock.ask(items -> items.size()) + " kind of fruit");
    }
  }
}
