import type { Moment } from '../wire/moment.ts'

/** Row versions a transaction made and ended, by the number of their SQLite table. */
type Versions = Map<number, number[]>

/** How far a transaction had come, to undo a statement. */
export type Mark = ReadonlyMap<string, number>

/** What a session changed since its last commit. */
export class Transaction {
  readonly id: number
  readonly user: string
  readonly sessionId: number
  readonly startedAt: Moment
  readonly startScn: number
  readonly born: Versions = new Map()
  readonly died: Versions = new Map()
  readonly ended: Promise<void>
  #end: () => void = () => undefined
  over = false
  /** The transaction this one waits for. */
  waitsFor: Transaction | null = null

  constructor(facts: {
    id: number
    user: string
    sessionId: number
    startedAt: Moment
    startScn: number
  }) {
    this.id = facts.id
    this.user = facts.user
    this.sessionId = facts.sessionId
    this.startedAt = facts.startedAt
    this.startScn = facts.startScn
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  note(kind: 'born' | 'died', storage: number, version: number): void {
    const list = this[kind].get(storage)
    if (list === undefined) this[kind].set(storage, [version])
    else list.push(version)
  }

  mark(): Mark {
    const mark = new Map<string, number>()
    for (const kind of ['born', 'died'] as const) {
      for (const [storage, versions] of this[kind]) mark.set(`${kind} ${storage}`, versions.length)
    }
    return mark
  }

  /** Takes back the versions noted since the mark. */
  since(kind: 'born' | 'died', mark: Mark): [storage: number, versions: number[]][] {
    return [...this[kind]].map(([storage, versions]) => [
      storage,
      versions.splice(mark.get(`${kind} ${storage}`) ?? 0)
    ])
  }

  get changes(): number {
    return [...this.born.values(), ...this.died.values()].reduce(
      (sum, list) => sum + list.length,
      0
    )
  }

  end(): void {
    this.over = true
    this.#end()
  }
}

/** A row is locked by a transaction that is still open: wait for its end, then run the statement again. */
export class RowLocked extends Error {
  readonly holder: Transaction

  constructor(holder: Transaction) {
    super('row locked')
    this.holder = holder
  }
}
