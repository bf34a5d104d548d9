import type { StreamFacts } from '../plugin/source.ts'
import type { OffsetStore } from '../storage/offset-store.ts'

/** Records since the task started here. */
export interface SourceTaskCounters {
  polled: number
  written: number
  skipped: number
  /** Epoch ms of the last acknowledged batch, null before the first. */
  lastWriteAt: number | null
}

/** What a task has done so far, and what its plugin says of its streams. */
export interface SourceTaskProgress extends Readonly<SourceTaskCounters> {
  readonly streams: ReadonlyMap<string, StreamFacts>
}

/** A store somebody uses: started on first use, closed when nobody uses it any more. */
export interface OffsetLease<S extends OffsetStore = OffsetStore> {
  readonly store: S
  /** Resolves when it can be read; may be called again and again. */
  start(): Promise<void>
  close(): Promise<void>
}
