import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import {
  errorClassOf,
  refusedRow,
  type WriteErrorClass
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import { postgresWriteError } from '../../../../../src/connectors/jdbc/dialects/postgres/write-errors.ts'
import { isRetriable } from '../../../../../src/errors.ts'

const SECRET = 'kn0wn-to-nobody'

function made(code: string, over: object = {}): Error {
  const facts = { code, severity: 'ERROR', detail: `Key (k)=(${SECRET}) exists.`, ...over }
  const error = Object.assign(new Error('message'), facts)
  return postgresWriteError(error, 'PostgreSQL did not write rows to t', {
    sql: 'COPY t FROM STDIN',
    copied: 't'
  })
}

const CLASSES: Readonly<Record<WriteErrorClass, readonly string[]>> = {
  outage: ['08006', '57P01', '57P03', '53300', '25006', '26000'],
  conflict: ['40001', '40P01', '55P03', '57014'],
  resource: ['53100', '53200', '58030'],
  data: ['22001', '22003', '22P02', '22P05', '23502', '23505', '23514', '54000', 'P0001'],
  structure: ['42P01', '42703', '42P10', '42804'],
  privilege: ['42501', '28P01'],
  unknown: ['XX000', '0A000', '21000', '25P02']
}

describe('an error of PostgreSQL while rows are written', () => {
  for (const [errorClass, codes] of Object.entries(CLASSES)) {
    it(`is of the class ${errorClass}: ${codes.join(', ')}`, () => {
      for (const code of codes) {
        const error = made(code)
        assert.equal(errorClassOf(error), errorClass, code)
        assert.equal(isRetriable(error), ['outage', 'conflict', 'resource'].includes(errorClass))
      }
    })
  }

  it('without a state of the server is one of the network', () => {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    assert.equal(errorClassOf(postgresWriteError(error, 'x', { sql: 'y' })), 'outage')
  })

  it('I7: tells no value, wherever the server put it', () => {
    const messages = [
      ['22P02', `invalid input syntax for type integer: "${SECRET}"`],
      ['22003', `value "${SECRET}" is out of range for type integer`],
      ['22P02', `invalid input value for enum mood: "a "quoted" ${SECRET}\n${SECRET}"`],
      ['22007', `invalid input syntax for type date: "${SECRET}: x"`],
      ['P0001', `no ${SECRET} here`]
    ] as const
    for (const [code, message] of messages) {
      const where = `COPY t, line 3, column a: "${SECRET}"`
      const error = postgresWriteError(
        Object.assign(new Error(message), { code, severity: 'ERROR', where }),
        'PostgreSQL did not write rows to t',
        { sql: 'COPY t FROM STDIN', copied: 't' }
      )
      assert.ok(!inspect(error, { depth: 10 }).includes(SECRET), inspect(error))
      assert.match(error.message, new RegExp(code))
    }
    assert.ok(!inspect(made('23505'), { depth: 10 }).includes(SECRET))
  })

  it('tells the row of a COPY, also where a trigger or the value speaks of lines', () => {
    assert.equal(refusedRow(made('22001', { where: 'COPY t, line 3, column a: "x, line 9"' })), 2)
    const trigger = 'PL/pgSQL function f() line 7 at RAISE\nCOPY t, line 1: "1\t2"'
    assert.equal(refusedRow(made('P0001', { where: trigger })), 0)
    assert.equal(refusedRow(made('23503', { where: 'SQL statement "SELECT 1"' })), null)
  })
})
