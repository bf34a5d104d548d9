import type { OpenTransaction } from '../database/database.ts'

/** Fences kept at most: while one waits for a long transaction, newer ones may get ahead of it. */
const MOST_FENCES = 16

interface Fence<B> {
  readonly border: B
  readonly takenAtMs: number
  /** From when on it may be armed. */
  readonly armAtMs: number
  /** Transactions that were open when the fence was armed and are still; null: not armed yet. */
  pending: Set<string> | null
}

/**
 * Borders below which nothing can appear any more (I6). A border is observed first, the open transactions
 * afterwards: a row below it can only come from a transaction that began before the border was observed,
 * which then is over and visible, or among those open. When all of these have ended the border is final.
 * Rolled back ids need no bookkeeping: nobody is left to fill them.
 */
export class CommitFences<B> {
  #fences: Fence<B>[] = []
  #before: ReadonlySet<string> = new Set()

  /**
   * A border observed at `nowMs`; those open are taken down by the first `sample` at least `armAfterMs`
   * later.
   */
  take(border: B, nowMs: number, armAfterMs: number): void {
    // The last makes room for the new one: the oldest ones end, whatever comes.
    if (this.#fences.length === MOST_FENCES) this.#fences.pop()
    this.#fences.push({ border, takenAtMs: nowMs, armAtMs: nowMs + armAfterMs, pending: null })
  }

  /**
   * Takes in which transactions were open when the database was asked, after `nowMs`. Answers whether a
   * transaction that a fence waited for has ended.
   */
  sample(open: readonly OpenTransaction[], nowMs: number): boolean {
    const now = new Set(open.map(({ id }) => id))
    const successors = newSuccessors(open, this.#before)
    const heirs = heirsOf(open)
    let ended = false
    for (const fence of this.#fences) {
      if (fence.pending === null) {
        if (fence.armAtMs > nowMs) continue
        fence.pending = new Set(now)
        ended ||= now.size === 0
        continue
      }
      const left = new Set(
        [...fence.pending].flatMap((id) => heirs.get(id) ?? (now.has(id) ? [id] : []))
      )
      const fewer = left.size < fence.pending.size
      fence.pending = left
      if (!fewer) continue
      for (const id of successors) left.add(id)
      ended = true
    }
    this.#before = now
    return ended
  }

  /** The newest final border, once: it and all older ones are forgotten. null: none has become final. */
  takeFinal(): { readonly border: B } | null {
    const index = this.#fences.findLastIndex(({ pending }) => pending?.size === 0)
    const fence = this.#fences[index]
    if (fence === undefined) return null
    this.#fences = this.#fences.slice(index + 1)
    return { border: fence.border }
  }

  /** Whom fences taken at `beforeMs` or earlier still wait for. */
  waitingSince(beforeMs: number): ReadonlySet<string> {
    const old = this.#fences.filter(({ takenAtMs }) => takenAtMs <= beforeMs)
    return new Set(old.flatMap(({ pending }) => [...(pending ?? [])]))
  }

  /** No longer waits for these. */
  giveUp(ids: ReadonlySet<string>): void {
    for (const { pending } of this.#fences) for (const id of ids) pending?.delete(id)
  }

  clear(): void {
    this.#fences = []
  }

  /** When the oldest fence was taken; null: none waits. */
  get oldestAtMs(): number | null {
    return this.#fences[0]?.takenAtMs ?? null
  }

  /** Whom the oldest fence waits for. */
  get pending(): ReadonlySet<string> {
    return this.#fences[0]?.pending ?? new Set()
  }
}

/** Transactions that may be what another one became since. */
export function newSuccessors(
  open: readonly OpenTransaction[],
  before: ReadonlySet<string>
): string[] {
  return open.flatMap(({ id, successor }) => (successor === true && !before.has(id) ? [id] : []))
}

/** Transactions that were listed before by another id, by that id. */
export function heirsOf(open: readonly OpenTransaction[]): ReadonlyMap<string, string> {
  return new Map(open.flatMap(({ id, was }) => (was === undefined ? [] : [[was, id]])))
}
