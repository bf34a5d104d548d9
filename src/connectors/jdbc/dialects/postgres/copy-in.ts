/** What we use of the driver's connection while rows are copied. */
interface CopyConnection {
  readonly stream: {
    readonly writableNeedDrain: boolean
    once(event: 'drain', listener: () => void): unknown
  }
  query(text: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(why: string): void
}

/**
 * `COPY … FROM STDIN` as the driver's client runs it: it calls `submit`, then what the server answers. Each
 * piece is made when it can be sent, so that the server reads one while the next one is made.
 */
export class CopyIn {
  readonly done: Promise<void>
  readonly #text: string
  readonly #pieces: Iterator<Uint8Array>
  readonly #end = Promise.withResolvers<void>()
  #isOver = false

  constructor(text: string, pieces: Iterable<Uint8Array>) {
    this.#text = text
    this.#pieces = pieces[Symbol.iterator]()
    this.done = this.#end.promise
  }

  submit(connection: unknown): void {
    const { query } = connection as CopyConnection
    query.call(connection, this.#text)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    try {
      this.#send(connection)
    } catch (error) {
      // I9: the driver calls this, and nobody would catch what is thrown there.
      this.handleError(error as Error)
      connection.sendCopyFail('the rows could not be made')
    }
  }

  #send(connection: CopyConnection): void {
    while (!this.#isOver) {
      const piece = this.#pieces.next()
      if (piece.done === true) return connection.endCopyFrom()
      connection.sendCopyFromChunk(piece.value)
      if (connection.stream.writableNeedDrain) {
        connection.stream.once('drain', () => this.handleCopyInResponse(connection))
        return
      }
    }
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#isOver = true
    this.#end.resolve()
  }

  handleError(error: Error): void {
    this.#isOver = true
    this.#end.reject(error)
  }
}
