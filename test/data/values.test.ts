import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { sameSchema, sameValue } from '../../src/data/schema-equality.ts'
import { Struct } from '../../src/data/struct.ts'
import { checkValue, isFloat32, kindOf } from '../../src/data/values.ts'
import { DataError } from '../../src/errors.ts'

const line = Schema.struct([
  { name: 'product', schema: Schema.STRING },
  { name: 'price', schema: decimalSchema(2) }
])
const order = Schema.struct([
  { name: 'id', schema: Schema.INT64 },
  { name: 'lines', schema: Schema.array(line) },
  { name: 'at', schema: timestampSchema({ optional: true }) },
  { name: 'totals', schema: Schema.map(Schema.STRING, Schema.FLOAT64, { optional: true }) }
])

function problemOf(schema: Schema, value: unknown): { message: string; facts: unknown } {
  try {
    checkValue(schema, value)
  } catch (error) {
    assert.ok(error instanceof DataError)
    return { message: error.message, facts: error.facts }
  }
  return { message: '', facts: null }
}

void describe('checkValue', () => {
  void it('accepts what fits', () => {
    const lines = [new Struct(line, ['tea', new Decimal(5n, 1)])]
    const totals = new Map([['net', 1.5]])
    checkValue(order, new Struct(order, [2n ** 62n, lines, null, totals]))
    checkValue(Schema.OPTIONAL_BYTES, new Uint8Array(2))
    checkValue(new Schema('int32', { defaultValue: 1 }), null)
    checkValue(timeSchema(), 86_399_999)
  })

  void it('I5: names the field, the type expected and the kind of value found, not the value', () => {
    const lines = [new Struct(line, ['tea', new Decimal(12_345n, 3)])]
    assert.deepEqual(problemOf(order, new Struct(order, [1, lines, null, null])), {
      message:
        'Field lines[0].price does not fit its schema: expected Decimal of scale 2 (bytes), found a Decimal of scale 3',
      facts: {
        path: 'lines[0].price',
        expected: 'Decimal of scale 2 (bytes)',
        found: 'a Decimal of scale 3'
      }
    })
    const secret = new Struct(order, ['hunter2', [], null, null])
    assert.equal(
      problemOf(order, secret).message,
      'Field id does not fit its schema: expected int64, found a string'
    )
    assert.match(
      problemOf(order, new Struct(order, [1, null, null, null])).message,
      /^Field lines is null/
    )
    const totals = new Map<unknown, unknown>([['net', '1']])
    assert.match(
      problemOf(order, new Struct(order, [1, [], null, totals])).message,
      /^Field totals\[net\]/
    )
    assert.match(problemOf(order, new Struct(order, [1])).message, /has 1 values for 4 fields/)
    assert.match(problemOf(order, new Map()).message, /The value does not fit .* found a map/)
    assert.match(problemOf(timeSchema(), 86_400_000).message, /expected Time \(int32\)/)
  })

  void it('takes float32 values and decimals of up to nine digits that name one', () => {
    for (const value of [0.1, Math.fround(0.1), 16_777_216, 3.40282347e38, 1e-45, Number.NaN, -0]) {
      assert.ok(isFloat32(value), String(value))
    }
    for (const value of [0.123456789012, 1e39, 16_777_217, '1']) assert.ok(!isFloat32(value))
  })

  void it('calls values by what matters about them', () => {
    const kinds: [unknown, string][] = [
      [undefined, 'null'],
      [1, 'an integer'],
      [2 ** 40, 'an integer beyond int32'],
      [2 ** 60, 'a number beyond 2^53, which may have lost digits'],
      [2n ** 64n, 'an integer beyond int64'],
      [0.5, 'a number with a fraction'],
      [Number.NaN, 'NaN'],
      [Buffer.alloc(1), 'bytes'],
      [new Date(0), 'a Date'],
      [Object.create(null), 'a object'],
      [() => 1, 'a function']
    ]
    for (const [value, kind] of kinds) assert.equal(kindOf(value), kind)
  })
})

void describe('sameSchema', () => {
  void it('compares every detail, defaults and parameters included', () => {
    const build = (price: Schema): Schema =>
      Schema.struct([{ name: 'price', schema: price }], { name: 'n', doc: 'd' })
    const one = build(decimalSchema(2, { defaultValue: new Decimal(1n, 2) }))
    assert.ok(sameSchema(one, build(decimalSchema(2, { defaultValue: new Decimal(1n, 2) }))))
    assert.ok(!sameSchema(one, build(decimalSchema(2, { defaultValue: new Decimal(2n, 2) }))))
    assert.ok(!sameSchema(one, build(decimalSchema(3))))
    assert.ok(!sameSchema(one, one.copy({ doc: 'other' })))
    assert.ok(!sameSchema(one, undefined))
  })

  void it('compares values deeply', () => {
    const map = (value: unknown): Map<string, unknown> => new Map([['k', [value]]])
    assert.ok(sameValue(map(Buffer.from('a')), map(new Uint8Array([97]))))
    assert.ok(!sameValue(map(1), map(1n)))
    assert.ok(sameValue(new Struct(line, ['a', null]), new Struct(line, ['a', null])))
    assert.ok(!sameValue([1], [1, 2]))
    assert.ok(sameValue(Number.NaN, Number.NaN))
  })
})
