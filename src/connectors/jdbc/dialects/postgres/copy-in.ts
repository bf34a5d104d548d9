/** What we use of the driver's connection while rows are copied. */
interface CopyConnection {
  query(text: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
}

/** So many bytes go in one message. */
const MESSAGE_BYTES = 256 * 1024

/**
 * `COPY … FROM STDIN` as the driver's client runs it: it calls `submit`, then what the server answers. The
 * rows of one statement are in memory, so they are sent at once and wait in the socket.
 */
export class CopyIn {
  readonly done: Promise<void>
  readonly #text: string
  readonly #data: Uint8Array
  readonly #end = Promise.withResolvers<void>()

  constructor(text: string, data: Uint8Array) {
    this.#text = text
    this.#data = data
    this.done = this.#end.promise
  }

  submit(connection: unknown): void {
    const { query } = connection as CopyConnection
    query.call(connection, this.#text)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    const bytes = this.#data
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      connection.sendCopyFromChunk(bytes.subarray(at, at + MESSAGE_BYTES))
    }
    connection.endCopyFrom()
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#end.resolve()
  }

  handleError(error: Error): void {
    this.#end.reject(error)
  }
}
