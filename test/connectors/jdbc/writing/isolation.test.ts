import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DataError } from '../../../../src/errors.ts'
import type { WriteSession } from '../../../../src/connectors/jdbc/database/writing.ts'
import { IsolatingWriter } from '../../../../src/connectors/jdbc/writing/isolation.ts'
import type { StatementGroup } from '../../../../src/connectors/jdbc/writing/statement-groups.ts'
import { sinkRecord } from '../../../support/jdbc-sink.ts'

const ROWS = 5000

/** A database that refuses some numbers; `names`: it says which row of a statement it refused. */
function database(isBad: (id: number) => boolean, names: boolean) {
  const facts = { statements: 0, rowsSent: 0, taken: [] as number[] }
  const session: Pick<WriteSession, 'write' | 'savepoint' | 'rollbackToSavepoint'> = {
    write: (_, rows) => {
      facts.statements += 1
      facts.rowsSent += rows.length
      const ids = rows.map(([id]) => Number(id))
      const at = ids.findIndex(isBad)
      if (at === -1) facts.taken.push(...ids)
      else return Promise.reject(new DataError('refused', names ? { rowIndex: at } : {}))
      return Promise.resolve()
    },
    savepoint: () => Promise.resolve(),
    rollbackToSavepoint: () => Promise.resolve(true)
  }
  return { facts, session: session as WriteSession }
}

function batch(): StatementGroup {
  const ids = Array.from({ length: ROWS }, (_, id) => id)
  const units = ids.map((id) => ({ record: sinkRecord({ offset: id }) }))
  const rows = ids.map((id) => [id])
  return { shape: {}, rows, units, refused: new Set() } as unknown as StatementGroup
}

describe('The search for rows that are refused', () => {
  const shares: readonly (readonly [string, (id: number) => boolean])[] = [
    ['one row', (id) => id === 3217],
    ['1 in 500', (id) => id % 500 === 7],
    ['10 %', (id) => id % 10 === 3],
    ['every other row', (id) => id % 2 === 0],
    ['a block', (id) => id >= 1000 && id < 3500],
    ['all', () => true]
  ]
  for (const names of [true, false]) {
    for (const [what, isBad] of shares) {
      it(`finds ${what} in few statements, ${names ? 'and in fewer where the database names the row' : 'whoever has to look'}`, async () => {
        const { facts, session } = database(isBad, names)
        const suspicion = { pieces: new Map(), bad: [], unrolls: false }
        const writer = new IsolatingWriter(session, suspicion, {
          takesUnknown: false,
          beforeAttempt: () => undefined
        })
        await writer.write(batch())
        const ids = Array.from({ length: ROWS }, (_, id) => id)
        assert.deepEqual(
          facts.taken,
          ids.filter((id) => !isBad(id)),
          'the others, in their order'
        )
        const bad = ids.filter(isBad).length
        assert.equal(suspicion.bad.length, bad)
        const most = names ? 2 * bad + 2 : bad * (Math.log2(ROWS / bad) + 2) + 8
        assert.ok(facts.statements <= most, `${facts.statements} statements, ${most} at most`)
        assert.ok(facts.rowsSent <= 6 * ROWS, `${facts.rowsSent} rows were sent`)
      })
    }
  }
})
