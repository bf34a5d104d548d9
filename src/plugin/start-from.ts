import type { ConfigMap } from '../config/config-def.ts'
import type { OffsetMap } from '../data/record.ts'

/** One stored offset, as the offset store has it. */
export interface StoredPosition {
  readonly partition: OffsetMap
  readonly offset: OffsetMap
}

/** Where one partition is to go on; `offset` null: what is stored is removed. */
export interface NewPosition {
  readonly partition: OffsetMap
  readonly offset: OffsetMap | null
}

/**
 * Where an operator wants the connector to start: `given` is the JSON of the request, for the connector to
 * understand; `restored` are positions it had before.
 */
export type StartWanted =
  | { readonly given: unknown }
  | { readonly restored: readonly NewPosition[] }

/** What a move would do to one table (query, file …). */
export interface StartPreview {
  /** As a person calls it: `public.orders`. */
  readonly name: string
  /** Stored offsets before and after; null: none, so from the configured start or the first row. */
  readonly from: OffsetMap | null
  readonly to: OffsetMap | null
  readonly effect: 'sent again' | 'skipped' | 'none'
  /** How many rows that concerns; null: not counted, `problem` says why. */
  readonly rows: number | bigint | null
  /** Key columns of the first and last of these rows. */
  readonly first: Readonly<Record<string, unknown>> | null
  readonly last: Readonly<Record<string, unknown>> | null
  readonly problem?: string
}

/**
 * How the positions of a connector are moved while it exists. Every method throws ConfigError that names what
 * is wrong with the request.
 */
export interface StartFrom {
  /**
   * The offsets to store, checked as those of `alterOffsets` are; at least one. May ask the database: honour
   * `signal`.
   */
  plan(
    config: ConfigMap,
    wanted: StartWanted,
    stored: readonly StoredPosition[],
    signal: AbortSignal
  ): Promise<readonly NewPosition[]>
  /**
   * What storing these would do. When `signal` aborts it answers what it knows, with `problem` for the rest.
   */
  preview(
    config: ConfigMap,
    changes: readonly NewPosition[],
    stored: readonly StoredPosition[],
    signal: AbortSignal
  ): Promise<readonly StartPreview[]>
  /**
   * Whether `after` is the first configuration with a start (for anything it reads), so that the stored
   * offsets know of none.
   */
  isFirstStart?(before: ConfigMap, after: ConfigMap): boolean
  /** Stored offsets as they have to be for such a start to be noticed; only those that change. */
  prepare?(
    before: ConfigMap,
    after: ConfigMap,
    stored: readonly StoredPosition[]
  ): readonly NewPosition[]
}
