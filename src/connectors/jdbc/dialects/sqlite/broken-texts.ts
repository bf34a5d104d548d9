import type { DatabaseSync, SQLInputValue, StatementColumnMetadata } from 'node:sqlite'
import type { Row } from '../../database/database.ts'
import type { BrokenText } from './types.ts'

/** What stands in a text instead of bytes that are not UTF-8; it may also have been written there. */
const REPLACEMENT = '\ufffd'

/**
 * Finds texts whose bytes are not UTF-8 in the rows of a query: node:sqlite hands them out with something
 * else in their place. Where a text looks like that, the bytes of that row are read by the same query, which
 * follows at the same pace from then on: one more reading of the result at most. Both see the same data,
 * since the transaction of the first is open for as long.
 */
export class BrokenTexts {
  readonly #open: () => IterableIterator<Row>
  #bytes: IterableIterator<Row> | null = null
  /** Rows of the result handed to `marked`, and rows of bytes read. */
  #at = 0
  #bytesAt = 0

  constructor(
    database: DatabaseSync,
    sql: string,
    binds: readonly unknown[],
    columns: () => readonly StatementColumnMetadata[]
  ) {
    this.#open = () => {
      const names = columns().map((_, index) => `c${index}`)
      const values = names.map((name) => `CAST(${name} AS BLOB)`)
      const statement = database.prepare(
        `WITH result(${names.join(',')}) AS (${sql}\n) SELECT ${values.join(',')} FROM result`
      )
      return statement.iterate(...(binds as SQLInputValue[])) as unknown as IterableIterator<Row>
    }
  }

  /** The next row of the result, in its order, with broken texts in the form that says so. */
  marked(row: Row): Row {
    this.#at += 1
    const suspect = row.some((value) => typeof value === 'string' && value.includes(REPLACEMENT))
    if (!suspect) return row
    const bytes = this.#bytesOf(this.#at)
    return row.map((value, index) => {
      if (typeof value !== 'string' || !value.includes(REPLACEMENT)) return value
      const stored = bytes?.[index]
      const same = stored instanceof Uint8Array && Buffer.from(value).equals(stored)
      const brokenText = stored instanceof Uint8Array ? stored : Buffer.from(value)
      return same ? value : ({ brokenText } satisfies BrokenText)
    })
  }

  end(): void {
    this.#bytes?.return?.()
    this.#bytes = null
  }

  #bytesOf(wanted: number): Row | null {
    this.#bytes ??= this.#open()
    let row: Row | null = null
    while (this.#bytesAt < wanted) {
      const step = this.#bytes.next()
      if (step.done === true) return null
      row = step.value
      this.#bytesAt += 1
    }
    return row
  }
}
