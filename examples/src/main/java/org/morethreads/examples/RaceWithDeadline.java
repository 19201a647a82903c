package org.morethreads.examples;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;

/** The first of several answers, if there is one in time; the others are stopped and awaited. */
public class RaceWithDeadline {
  public static void main(String... arguments) throws InterruptedException {
    print(answering("the near server", 1), answering("the far server", 3));
    print(answering("the far server", 3), answering("one farther away", 4));
    print(failing(), answering("the near server", 1));
  }

  private static void print(ManagedThread.Call<String> one, ManagedThread.Call<String> other)
      throws InterruptedException {
    try {
      System.out.println(Scope.race("answer", Duration.ofSeconds(2), one, other));
    } catch (TimeoutException e) {
      System.out.println("nobody has answered within two seconds");
    }
  }

  private static ManagedThread.Call<String> answering(String name, int seconds) {
    return pleaseStop -> {
      Signal.NEVER.await(Duration.ofSeconds(seconds)); // who loses is interrupted here
      return name;
    };
  }

  private static ManagedThread.Call<String> failing() {
    return pleaseStop -> {
      throw new IllegalStateException("this server is down");
    };
  }
}
