/** Who asked for a change, as far as it is known. */
interface ChangeAuthor {
  readonly user: string | null
  /** Network address. */
  readonly address: string | null
  /** What the client says of itself, or which rule it was. */
  readonly note: string | null
}

export const changeKinds = [
  'create',
  'config',
  'delete',
  'pause',
  'resume',
  'stop',
  'restart',
  'offsets',
  'start-from',
  'topics-reset',
  'logger'
] as const
export type ChangeKind = (typeof changeKinds)[number]

/** A configuration without its secrets (I7). */
export type ShownConfig = Readonly<Record<string, string>>

/** A change that was made. */
export interface NewChange {
  readonly what: ChangeKind
  /** null: it is of no connector. */
  readonly connector: string | null
  readonly by: ChangeAuthor
  /** What else there is to say: `{"task":3}`, `{"includeTasks":true}`, a level, a start. */
  readonly details: Readonly<Record<string, unknown>>
  /** Of the connector; null: there was, or is, none, or nothing of it was changed. */
  readonly before: ShownConfig | null
  readonly after: ShownConfig | null
}

export interface Change extends NewChange {
  /** Its place in the history; later ones have larger numbers. */
  readonly id: number
  /** Epoch ms. */
  readonly at: number
  /** host:port of the worker that made it. */
  readonly workerId: string
}

/**
 * Who changed what, and when. Entering a change never fails the change: what could not be entered is an error
 * in the log.
 */
export interface ChangeHistory {
  start(): Promise<void>
  /** Resolves when it is entered, or after a bounded time. Never rejects. */
  add(change: NewChange): Promise<void>
  /**
   * Newest first, at most `limit`; null: of every connector, and of none. What was entered before the call is
   * among them. Rejects when the topic cannot be read.
   */
  latest(connector: string | null, limit: number): Promise<readonly Change[]>
  /** null: there is none of that number, or it is too long ago to be kept at hand. */
  find(connector: string, id: number): Promise<Change | null>
  stop(): Promise<void>
}
