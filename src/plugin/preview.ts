import type { SourceRecord } from '../data/record.ts'

/** How much a preview may look at. */
export interface PreviewRequest {
  /** Rows of each table, or whatever the source is made of. */
  readonly maxRows: number
  /**
   * Aborts when the time is over: then answer what is there so far, and say in `problems` what is missing.
   */
  readonly signal: AbortSignal
}

/** A statement that was run, for the operator to try. */
export interface PreviewStatement {
  /** `table public.orders` */
  readonly of: string
  readonly text: string
  /** Values of its parameters, in order. */
  readonly binds: readonly string[]
}

/** A column or field that Connect has no type for. */
export interface PreviewColumn {
  readonly of: string
  readonly column: string
  /** In the words of the source. */
  readonly type: string
  /** What becomes of it: `left out`, `carried as text`, `refused`. */
  readonly becomes: string
}

/** What a sink would do with records. */
export interface SinkPreview {
  readonly statements: readonly PreviewStatement[]
  readonly columns: readonly PreviewColumn[]
  /**
   * What would be better otherwise, or should be known: an index, a column that may be null, a time zone. A
   * sentence each.
   */
  readonly advice: readonly string[]
  /** What kept the preview from being whole. A sentence each, without secrets. */
  readonly problems: readonly string[]
}

/** What a source would send first with a configuration. */
export interface SourcePreview extends SinkPreview {
  /** As `poll` would answer them, before transformations. */
  readonly records: readonly SourceRecord[]
}
