import { ConnectError } from '../../errors.ts'
import type { ConfigStore } from '../../storage/config-store.ts'

/**
 * Which connectors are being moved: by this worker, or by another one as the config topic tells. One move at
 * a time for a connector.
 */
export class MovesUnderWay {
  readonly #configStore: ConfigStore
  readonly #here = new Set<string>()

  constructor(configStore: ConfigStore) {
    this.#configStore = configStore
  }

  /** This worker plans or carries out a move of the connector. */
  isHere(name: string): boolean {
    return this.#here.has(name)
  }

  /** Throws as `requireIdle`. */
  begin(name: string): void {
    this.requireIdle(name)
    this.#here.add(name)
  }

  /** Of a move that the config topic tells of, begun by whoever led before. */
  takeUp(name: string): void {
    this.#here.add(name)
  }

  end(name: string): void {
    this.#here.delete(name)
  }

  /** Throws the 409 for changes that would get in the way of a move. */
  requireIdle(name: string): void {
    const running = this.#configStore.snapshot().startFrom(name)?.running ?? null
    if (running === null && !this.#here.has(name)) return
    throw new ConnectError(
      'OPERATION_UNDER_WAY',
      `The start of connector ${name} is being moved; see GET /connectors/${name}/start-from`
    )
  }
}
