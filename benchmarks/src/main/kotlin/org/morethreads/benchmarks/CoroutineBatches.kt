package org.morethreads.benchmarks

import java.util.function.Consumer
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

/** Batches of at most a size and an age, gathered from a channel. */
object CoroutineBatches {
  /** Elements from producers to a sink, up to the last being with it. */
  @JvmStatic
  fun forward(
    producers: Int,
    elements: Int,
    size: Int,
    capacity: Int,
    ageMillis: Long,
    sink: Consumer<List<Int>>,
  ) =
    runBlocking(Dispatchers.Default) {
      val channel = Channel<Int>(capacity)
      val forwarder = launch {
        while (true) {
          val first = channel.receiveCatching().getOrNull() ?: break
          val batch = ArrayList<Int>(size)
          batch.add(first)
          fillFrom(channel, batch, size)
          if (batch.size < size) {
            withTimeoutOrNull(ageMillis) {
              while (batch.size < size) {
                batch.add(channel.receiveCatching().getOrNull() ?: break)
                fillFrom(channel, batch, size)
              }
            }
          }
          sink.accept(batch)
        }
      }
      coroutineScope {
        repeat(producers) { launch { repeat(elements / producers) { channel.send(1) } } }
      }
      channel.close()
      forwarder.join()
    }

  /** Takes what is there, without waiting. */
  private fun fillFrom(channel: Channel<Int>, batch: MutableList<Int>, size: Int) {
    while (batch.size < size) {
      batch.add(channel.tryReceive().getOrNull() ?: break)
    }
  }
}
