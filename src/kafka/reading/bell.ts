/** Something has changed, for whoever waits for that. */
export class Bell {
  #next = Promise.withResolvers<void>()

  /** Resolves at the next ring. Asked for before looking at what may change, it misses nothing. */
  get rung(): Promise<void> {
    return this.#next.promise
  }

  ring(): void {
    const { resolve } = this.#next
    this.#next = Promise.withResolvers()
    resolve()
  }
}
