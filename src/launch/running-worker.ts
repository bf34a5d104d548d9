import type { ConfigMap } from '../config/config-def.ts'

/** How both kinds of worker are started. */
export interface StartOptions {
  /** The worker file's properties, with overrides. */
  readonly properties: ConfigMap
  /** The worker cannot go on and should be stopped. Called at most once. */
  onFatal(error: Error): void
  /** Aborts when the worker is asked to end, also while it still starts. */
  readonly stopping: AbortSignal
}

export interface RunningWorker {
  /** REST addresses. */
  readonly urls: readonly string[]
  /** Ends everything in order, bounded; never rejects. */
  stop(): Promise<void>
}
