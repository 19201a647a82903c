package org.morethreads.queue;

import java.time.Duration;

/**
 * What went on in a queue up to a moment. All numbers are of the same moment.
 *
 * @param depth how many elements are inside
 * @param peak the most that have been inside at once
 * @param put how many elements have been put in, those given back by {@link
 *     CloseableQueue#putForced} included
 * @param taken how many elements have been taken out, in whatever way
 * @param waitingToPut how many threads wait for a place
 * @param waitingToTake how many threads wait for an element
 * @param blockedPutting how long threads have waited for a place, all added up, those who wait now
 *     included
 * @param blockedTaking how long threads have waited for an element, all added up, those who wait
 *     now included
 * @since 0.1
 */
public record QueueStatistics(
    int depth,
    int peak,
    long put,
    long taken,
    int waitingToPut,
    int waitingToTake,
    Duration blockedPutting,
    Duration blockedTaking) {}
