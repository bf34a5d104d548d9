import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { NewColumnUse } from '../../../../src/connectors/jdbc/database/writing.ts'
import { dialects } from '../../../../src/connectors/jdbc/dialects/dialects.ts'
import {
  dateSchema,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../src/data/logical-types.ts'
import { Schema } from '../../../../src/data/schema.ts'

const PAGE = readFileSync(
  join(resolve(import.meta.dirname, '../../../..'), 'docs', 'types.md'),
  'utf8'
)

const PLAIN: NewColumnUse = { isKey: false, timestampDigits: null }
const CASES: ReadonlyMap<string, readonly [schema: Schema, use: NewColumnUse]> = new Map([
  ['int8', [Schema.INT8, PLAIN]],
  ['int16', [Schema.INT16, PLAIN]],
  ['int32', [Schema.INT32, PLAIN]],
  ['int64', [Schema.INT64, PLAIN]],
  ['float32', [Schema.FLOAT32, PLAIN]],
  ['float64', [Schema.FLOAT64, PLAIN]],
  ['boolean', [Schema.BOOLEAN, PLAIN]],
  ['string', [Schema.STRING, PLAIN]],
  ['string, in the key', [Schema.STRING, { isKey: true, timestampDigits: null }]],
  ['bytes', [Schema.BYTES, PLAIN]],
  ['Decimal(2)', [decimalSchema(2), PLAIN]],
  ['Date', [dateSchema(), PLAIN]],
  ['Time', [timeSchema(), PLAIN]],
  ['Timestamp', [timestampSchema(), PLAIN]],
  ['listed timestamp, microseconds', [Schema.INT64, { isKey: false, timestampDigits: 6 }]],
  ['listed timestamp, nanoseconds', [Schema.INT64, { isKey: false, timestampDigits: 9 }]],
  ['array of string', [Schema.array(Schema.STRING), PLAIN]],
  ['map', [Schema.map(Schema.STRING, Schema.STRING), PLAIN]],
  ['struct', [Schema.struct([]), PLAIN]]
])

/** The cells of each line of the table of new columns, by the Connect type it begins with. */
function table(): Map<string, string[]> {
  const section = PAGE.split('### New columns\n')[1] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  const cells = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  )
  return new Map(cells.map(([first = '', ...rest]) => [first, rest]))
}

describe('the page of types, to the database', () => {
  for (const { displayName, writing } of dialects) {
    if (writing === undefined) continue
    it(`says of ${displayName} which columns auto.create makes`, () => {
      const said = table()
      const place = said.get('Connect')?.indexOf(displayName) ?? -1
      assert.ok(place >= 0, displayName)
      for (const [connect, [schema, use]] of CASES) {
        const made = writing.columnType(schema, use)
        const cell = said.get(connect)?.[place]
        assert.equal(cell, made === null ? 'none' : `\`${made}\``, connect)
      }
    })
  }

  it('knows every Connect type', () => {
    const lines = [...table().keys()].filter((name) => name !== 'Connect' && name !== '---')
    assert.deepEqual(lines, [...CASES.keys()])
  })
})
