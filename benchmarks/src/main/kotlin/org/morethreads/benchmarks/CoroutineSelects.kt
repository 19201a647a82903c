package org.morethreads.benchmarks

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.selects.onTimeout
import kotlinx.coroutines.selects.select

/** Kotlin's select. */
@OptIn(ExperimentalCoroutinesApi::class) // the clause for a time
object CoroutineSelects {
  private const val MINUTE = 60_000L

  private class Choice(queues: Int, capacity: Int, private val timed: Boolean) {
    val channels = List(queues) { Channel<Int>(capacity) }
    private val stop = CompletableDeferred<Unit>()

    suspend fun first(): Int = select {
      for (each in channels) each.onReceive { it }
      stop.onAwait { error("nobody stops it") }
      if (timed) onTimeout(MINUTE) { error("nothing came for a minute") }
    }
  }

  /** From producers with a channel each to one that selects; answers the sum of what arrived. */
  @JvmStatic
  fun fanIn(queues: Int, messages: Int, capacity: Int, timed: Boolean): Long =
    runBlocking(Dispatchers.Default) {
      val choice = Choice(queues, capacity, timed)
      for (each in choice.channels) launch { repeat(messages / queues) { each.send(1) } }
      var sum = 0L
      repeat(messages) { sum += choice.first() }
      sum
    }

  /** One coroutine selects among channels that the other puts to in turn, and answers. */
  @JvmStatic
  fun pingPong(queues: Int, rounds: Int, timed: Boolean) =
    runBlocking(Dispatchers.Default) {
      val choice = Choice(queues, 1, timed)
      val back = Channel<Int>(1)
      coroutineScope {
        launch { repeat(rounds) { back.send(choice.first()) } }
        launch {
          repeat(rounds) {
            choice.channels[it % queues].send(it)
            check(back.receive() == it) { "a wrong answer" }
          }
        }
      }
    }

  /** One coroutine alone: sends to each channel in turn, and selects, which finds one ready. */
  @JvmStatic
  fun alone(queues: Int, operations: Int, timed: Boolean): Long =
    runBlocking(Dispatchers.Default) {
      val choice = Choice(queues, 1, timed)
      var sum = 0L
      repeat(operations) {
        choice.channels[it % queues].send(1)
        sum += choice.first()
      }
      sum
    }

  /** One coroutine alone: sends or receives, whichever can be done, and undoes it. */
  @JvmStatic
  fun sendOrReceive(operations: Int): Long =
    runBlocking(Dispatchers.Default) {
      val out = Channel<Int>(1)
      val into = Channel<Int>(1)
      var sum = 0L
      repeat(operations) {
        sum += select<Int> {
          out.onSend(1) { 0 }
          into.onReceive { it }
        }
        sum += out.receive()
      }
      sum
    }
}
