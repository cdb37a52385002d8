// What is counted on a node. Plain numbers, written on hot paths, read by whoever shows them.

/** Everything since the start of the process. */
export class Counters {
  /** Messages accepted, duplicates not counted. */
  published = 0
  /** Answers repeated for a known Idempotency-Key. */
  duplicates = 0
  /** Messages times listeners that they were written to. */
  delivered = 0
  /** Listeners that gave a cursor and were given everything since. */
  resumed = 0
  /** Listeners that were told to reload. */
  resets = 0
  /** Readers closed because they were slow. */
  slowClosed = 0
  /** Times a slow reader skipped to the newest message. */
  slowSkipped = 0
  /** Connections dropped because they answered no ping. */
  silent = 0
  /** Channels whose history was dropped before its time, for the node's budget. */
  historyTrimmed = 0
  /** Publishes refused because the listeners of the channel lag. */
  overloaded = 0
}
