package org.morethreads.examples;

import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadFailedException;

/**
 * Priorities: calls for a help desk are taken by urgency, and among equally urgent ones by age. The
 * closing of the queue waits for no call, however urgent, and the desk ends when all are answered.
 */
public class Priorities {
  private static final int ROUTINE = 10;
  private static final int URGENT = 20;

  public static void main(String... arguments) throws InterruptedException, ThreadFailedException {
    var calls = CloseablePriorityQueue.<String>bounded("calls", 100);
    calls.put("a survey"); // 0, the lowest
    calls.put("a forgotten password", ROUTINE);
    calls.put("a jammed printer", ROUTINE);
    calls.put("smoke in the server room", URGENT);

    var desk =
        ManagedThread.call(
            "desk",
            _ -> {
              int answered = 0;
              for (var call : calls) {
                System.out.println("desk: " + call);
                answered++;
                if (call.startsWith("smoke")) {
                  calls.putFirst("more smoke"); // in front of those with its priority, which is 0
                  calls.put("fire", URGENT);
                  calls.close();
                }
              }
              return answered;
            });
    System.out.println(desk.join() + " calls answered");
  }
}
