/** How many sends may wait for their acknowledgement at once. */
const MAX_SENDS_IN_FLIGHT = 5
/** Records of one send at most. */
export const MAX_RECORDS_PER_SEND = 1000

/** What is on its way to Kafka. I8: bounded in sends and in bytes. */
export class SendWindow {
  readonly #maxBytes: number
  readonly #inFlight = new Set<Promise<void>>()
  #bytes = 0
  /** Resolves when the next of those under way settles. */
  #change = Promise.withResolvers<void>()

  /** `maxBytes`: `buffer.memory` of the producer. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A send that takes a share of the bytes, so that converting goes on while others are under way. */
  get bytesPerSend(): number {
    return Math.ceil(this.#maxBytes / (MAX_SENDS_IN_FLIGHT + 1))
  }

  /** Resolves when a send of that size may go. A send that is larger than the window goes alone. */
  async room(bytes: number): Promise<void> {
    while (
      this.#inFlight.size >= MAX_SENDS_IN_FLIGHT ||
      (this.#inFlight.size > 0 && this.#bytes + bytes > this.#maxBytes)
    ) {
      await this.#change.promise
    }
  }

  /** `work` is under way until it settles; it must not reject. */
  add(work: Promise<void>, bytes: number): void {
    this.#bytes += bytes
    const settled = work.finally(() => {
      this.#bytes -= bytes
      this.#inFlight.delete(settled)
      this.#change.resolve()
      this.#change = Promise.withResolvers()
    })
    this.#inFlight.add(settled)
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await this.#change.promise
  }
}
