import type { StreamFacts } from '../../../plugin/source.ts'
import type { Level } from './late-commit-level.ts'

/** How late commits are dealt with at the moment, table by table. */
export interface LateCommitFacts {
  readonly level: Level | null
  /** Open transactions that hold rows back, and for how long the oldest runs; null: not known. */
  readonly holding: number
  readonly oldestHoldingMs: number | null
  readonly heldBackMs: number
  /** Open transactions that were overtaken: what they commit is looked for when they end. */
  readonly watched: number
  /** Rows remembered for that; runs of ids without gaps count as one. */
  readonly remembered: number
  /** There were too many of them: some rows may come twice. */
  readonly forgotten: boolean
  /** Why the level may not keep what it promises. */
  readonly doubts: readonly string[]
}

/** The same for REST and metrics, by names of their own. */
export function lateCommitFacts(facts: LateCommitFacts): StreamFacts {
  return {
    late_commits: facts.level?.name ?? 'not known yet',
    late_commits_why: facts.level?.why ?? null,
    late_commits_degraded: facts.level?.degraded ?? false,
    held_back_ms: Math.round(facts.heldBackMs),
    holding_transactions: facts.holding,
    oldest_holding_transaction_ms: facts.oldestHoldingMs,
    watched_transactions: facts.watched,
    remembered_rows: facts.remembered,
    remembered_too_few: facts.forgotten,
    late_commits_doubts: facts.doubts.length === 0 ? null : facts.doubts.join('; ')
  }
}

/** Rows held back for so long are worth a sentence. */
const HELD_BACK_LONG_MS = 5000

/** What an operator should know; null: all is well. The text does not change from poll to poll. */
export function conditionOf(name: string, facts: LateCommitFacts): string | null {
  const sentences: string[] = []
  if (facts.level?.degraded === true) {
    sentences.push(`late commits are found by looking back only: ${facts.level.why}`)
  }
  if (facts.heldBackMs > HELD_BACK_LONG_MS) {
    sentences.push('rows are held back because transactions are open that may commit earlier ones')
  }
  if (facts.watched > 0) {
    sentences.push(
      'rows are emitted although a transaction has been open for long; what it commits follows when it ends'
    )
  }
  if (facts.forgotten) {
    sentences.push('late.commit.seen.max.keys is too small: rows may be emitted twice')
  }
  sentences.push(...facts.doubts)
  return sentences.length === 0 ? null : `${name}: ${sentences.join('; ')}`
}
