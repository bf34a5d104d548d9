import type {
  ClaimedOffset,
  OffsetClaim,
  OffsetPartition,
  OffsetStep,
  SinkOffsets,
  StoredOffset
} from '../../../src/connectors/jdbc/database/sink-offsets.ts'
import { TOPIC } from './broker.ts'
import type { ModelServer, Position, Refusal, Transaction } from './database.ts'

/** How a session runs something on the server: alone in a transaction, in the one there is, or in none. */
export interface Statements {
  readonly server: ModelServer
  readonly lockLimitMs: number
  /** What is committed in it is so whether the answer arrives or not. */
  alone<T>(
    what: string,
    work: (transaction: Transaction, done: (answer: T) => void, refuse: Refuse) => void
  ): Promise<T>
  within<T>(
    what: string,
    work: (transaction: Transaction, done: (answer: T) => void, refuse: Refuse) => void
  ): Promise<T>
  read<T>(what: string, work: () => T): Promise<T>
}

type Refuse = (refusal: Refusal) => void

/** The table of positions of the one connector there is: each row is locked by who changes it. */
export class ModelOffsets implements SinkOffsets {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  claim(claims: readonly OffsetClaim[], owner: string): Promise<readonly ClaimedOffset[]> {
    const { server } = this.#statements
    return this.#statements.alone('claim', (transaction, done, refuse) => {
      const claimed = new Map<number, ClaimedOffset>()
      this.#each(transaction, claims, refuse, ({ partition, nextOffset: start }) => {
        const before = server.position(transaction, partition)
        const nextOffset = before?.nextOffset ?? Number(start)
        const epoch = (before?.epoch ?? 0) + 1
        transaction.changes.positions.set(partition, { nextOffset, epoch, owner })
        claimed.set(partition, {
          topic: TOPIC,
          partition,
          nextOffset: BigInt(nextOffset),
          epoch: BigInt(epoch),
          before: before === null ? null : stored(partition, before)
        })
      })(() => done(claims.flatMap(({ partition }) => claimed.get(partition) ?? [])))
    })
  }

  /** What it finds under the lock is the newest there is. */
  advance(steps: readonly OffsetStep[]): Promise<number> {
    const { server } = this.#statements
    return this.#statements.within('advance', (transaction, done, refuse) => {
      let moved = 0
      this.#each(transaction, steps, refuse, ({ partition, epoch, from, to }) => {
        const found = server.position(transaction, partition)
        if (found?.epoch !== Number(epoch) || found.nextOffset !== Number(from)) return
        moved++
        transaction.changes.positions.set(partition, { ...found, nextOffset: Number(to) })
        transaction.steps.push({ partition, from: Number(from), to: Number(to) })
      })(() => done(moved))
    })
  }

  lookUp(partitions?: readonly OffsetPartition[]): Promise<readonly StoredOffset[]> {
    const { server } = this.#statements
    return this.#statements.read('look up', () =>
      [...server.positions].flatMap(([partition, position]) => {
        const isAsked = partitions?.some((each) => each.partition === partition) !== false
        return isAsked ? [stored(partition, position)] : []
      })
    )
  }

  set(): Promise<void> {
    throw new Error('a task sets no positions')
  }

  /** One after the other, in the order of their keys, each when its row is free. */
  #each<T extends OffsetPartition>(
    transaction: Transaction,
    rows: readonly T[],
    refuse: Refuse,
    work: (row: T) => void
  ): (done: () => void) => void {
    const { server, lockLimitMs } = this.#statements
    const sorted = rows.toSorted((one, other) => one.partition - other.partition)
    return (done) => {
      const next = (index: number): void => {
        const row = sorted[index]
        if (row === undefined) return done()
        server.lock(transaction, `position ${row.partition}`, lockLimitMs, (refusal) => {
          if (refusal !== null) return refuse(refusal)
          work(row)
          next(index + 1)
        })
      }
      next(0)
    }
  }
}

function stored(partition: number, { nextOffset, epoch, owner }: Position): StoredOffset {
  return {
    topic: TOPIC,
    partition,
    nextOffset: nextOffset === null ? null : BigInt(nextOffset),
    epoch: BigInt(epoch),
    owner,
    topicId: null
  }
}
