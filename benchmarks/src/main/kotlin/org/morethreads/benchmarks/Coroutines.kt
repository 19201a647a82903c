package org.morethreads.benchmarks

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/**
 * Kotlin's coroutines at what the benchmarks do with threads. They run on the default dispatcher,
 * which has as many threads as the machine has processors.
 */
object Coroutines {
  /** Messages from producers to consumers through a channel; answers how many have arrived. */
  @JvmStatic
  fun transfer(producers: Int, consumers: Int, messages: Int, capacity: Int): Long =
    runBlocking(Dispatchers.Default) {
      val channel = Channel<Int>(capacity)
      val takers =
        List(consumers) {
          async {
            var sum = 0L
            for (each in channel) sum += each
            sum
          }
        }
      coroutineScope {
        repeat(producers) { launch { repeat(messages / producers) { channel.send(1) } } }
      }
      channel.close()
      takers.sumOf { it.await() }
    }

  /** Two coroutines that answer each other through two channels of one place. */
  @JvmStatic
  fun pingPong(rounds: Int) =
    runBlocking(Dispatchers.Default) {
      val there = Channel<Int>(1)
      val back = Channel<Int>(1)
      coroutineScope {
        launch { repeat(rounds) { back.send(there.receive()) } }
        launch {
          repeat(rounds) {
            there.send(it)
            check(back.receive() == it) { "a wrong answer" }
          }
        }
      }
    }

  /** Coroutines that wait for an event, all suspended on return; answers what makes it happen. */
  @JvmStatic
  fun awaitEvent(count: Int, resumed: Runnable): Runnable {
    val event = CompletableDeferred<Unit>()
    val scope = CoroutineScope(Dispatchers.Default)
    repeat(count) {
      // Undispatched: runs up to its first suspension before launch returns.
      scope.launch(start = CoroutineStart.UNDISPATCHED) {
        event.await()
        resumed.run()
      }
    }
    return Runnable { event.complete(Unit) }
  }

  /** Coroutines that end at once, all children of one scope, which waits for them. */
  @JvmStatic
  fun launchAndJoin(count: Int) =
    runBlocking(Dispatchers.Default) { coroutineScope { repeat(count) { launch {} } } }
}
