import type { Random } from '../../support/random.ts'
import type { TablePlan } from './plan.ts'

/** A version of a row, as its writer meant it. */
export interface Version {
  readonly table: string
  /** The same for all versions of a row. */
  readonly key: string
  readonly id: bigint
  /** Instants; null: the column is empty. */
  readonly changedMs: number | null
  readonly createdMs: number | null
  /** Counts all writes of the world. */
  readonly version: number
  /** Rows of kind 9 are left out by the queries that read a part. */
  readonly kind: number
  readonly note: string | null
  /** When its time was taken, and when its id: what a reader follows may be changed. */
  readonly timeAtMs: number
  readonly idAtMs: number
}

export const LEFT_OUT = 9

/** The ids of one table, and what its rows hold. */
export class ModelTable {
  readonly plan: TablePlan
  readonly sql: string
  #last: bigint
  #keys = 0
  #block: { readonly owner: number; next: bigint; left: number; readonly atMs: number }[] = []
  #shared = 0

  constructor(plan: TablePlan) {
    this.plan = plan
    this.sql = `"${plan.name.replaceAll('"', '""')}"`
    this.#last = plan.ids.from - 1n
  }

  nextKey(): string {
    this.#keys += 1
    return `r${this.#keys}`
  }

  /**
   * Ids for rows that one session writes one behind the other, in the order of writing, and when the first
   * was taken.
   */
  takeIds(random: Random, count: number, nowMs: number): { id: bigint; atMs: number }[] {
    const { ids } = this.plan
    const taken: { id: bigint; atMs: number }[] = []
    for (let at = 0; at < count; at++) {
      if (ids.kind === 'blocks') taken.push(this.#fromBlock(random, ids.size, nowMs))
      else taken.push({ id: this.#next(random, at > 0), atMs: nowMs })
    }
    return ids.kind === 'descending' ? taken.reverse() : taken
  }

  #next(random: Random, goesOn: boolean): bigint {
    const { ids } = this.plan
    if (ids.kind === 'shared' && goesOn && this.#shared > 0) {
      this.#shared -= 1
      return this.#last
    }
    this.#shared = random.within(0, 11)
    const gap = ids.kind === 'gaps' && random.chance(0.15) ? random.within(1, 7) : 0
    this.#last += BigInt((ids.kind === 'steps' ? ids.step : 1) + gap)
    return this.#last
  }

  #fromBlock(random: Random, size: number, nowMs: number): { id: bigint; atMs: number } {
    const owner = random.within(1, 3)
    let block = this.#block.find((one) => one.owner === owner && one.left > 0)
    if (block === undefined) {
      block = { owner, next: this.#last + 1n, left: size, atMs: nowMs }
      this.#last += BigInt(size)
      this.#block.push(block)
    }
    const id = block.next
    block.next += 1n
    block.left -= 1
    return { id, atMs: block.atMs }
  }
}
