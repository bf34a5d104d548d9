import type { SourceRecord } from '../../data/record.ts'
import { ConnectError } from '../../errors.ts'
import type { TransactionContext } from '../../plugin/source.ts'

export type TransactionEnd = 'commit' | 'abort'

/** What a connector that defines its transactions asked for and the loop has not done yet. */
export class ConnectorTransactions implements TransactionContext {
  readonly #records = new Map<SourceRecord, Set<TransactionEnd>>()
  #batch = new Set<TransactionEnd>()

  commitTransaction(record?: SourceRecord): void {
    this.#ask('commit', record)
  }

  abortTransaction(record?: SourceRecord): void {
    this.#ask('abort', record)
  }

  /**
   * How the transaction ends behind this record; null: not here. Throws when the connector asked for both.
   */
  takeFor(record: SourceRecord): TransactionEnd | null {
    // Almost no record ends one.
    if (this.#records.size === 0) return null
    const asked = this.#records.get(record)
    if (asked === undefined) return null
    this.#records.delete(record)
    return only(asked, () => `record for ${record.topic}/${record.kafkaPartition}`)
  }

  /** How the transaction ends behind what was polled last. */
  takeForBatch(): TransactionEnd | null {
    const asked = this.#batch
    this.#batch = new Set()
    return asked.size === 0 ? null : only(asked, () => 'transaction')
  }

  /** A task that starts anew has asked for nothing. */
  clear(): void {
    this.#records.clear()
    this.#batch.clear()
  }

  #ask(end: TransactionEnd, record: SourceRecord | undefined): void {
    if (record === undefined) {
      this.#batch.add(end)
      return
    }
    const asked = this.#records.get(record) ?? new Set()
    this.#records.set(record, asked.add(end))
  }
}

function only(asked: ReadonlySet<TransactionEnd>, what: () => string): TransactionEnd {
  const [end, other] = asked
  if (end !== undefined && other === undefined) return end
  throw new ConnectError('INTERNAL', `Connector requested both commit and abort of same ${what()}`)
}
