import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TargetColumn, TargetType } from '../../../../src/connectors/jdbc/database/writing.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import {
  valueWriter,
  type WrittenValueRules
} from '../../../../src/connectors/jdbc/written-values/value-writer.ts'
import { epochDay, julianDay, MS_PER_DAY } from '../../../../src/data/calendar.ts'
import {
  bigintToBytes,
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../src/data/logical-types.ts'
import { Schema, type SchemaType } from '../../../../src/data/schema.ts'
import { Struct } from '../../../../src/data/struct.ts'
import { DataError } from '../../../../src/errors.ts'

const UTC = new TimeZone('UTC')
const RULES: WrittenValueRules = {
  timeZone: UTC,
  dateZone: UTC,
  julianBefore1582: true,
  nullBecomesDefault: true,
  nestsAsJson: false
}

function columnOf(type: TargetType, over: Partial<TargetColumn> = {}): TargetColumn {
  return {
    name: 'amount',
    databaseType: 'a type',
    type,
    isNullable: true,
    hasDefault: false,
    identity: null,
    isGenerated: false,
    ...over
  }
}

interface Case {
  readonly rules?: Partial<WrittenValueRules>
  readonly epoch?: 6 | 9
}

function written(schema: Schema | null, value: unknown, type: TargetType, how: Case = {}): unknown {
  const rules = { ...RULES, ...how.rules }
  return valueWriter(schema, columnOf(type), rules, how.epoch ?? null).write(value)
}

/** The error is that of the record, names the column and never the value (I7). */
function refused(schema: Schema | null, value: unknown, type: TargetType, how: Case = {}): void {
  assert.throws(
    () => written(schema, value, type, how),
    (error: unknown) => {
      assert.ok(error instanceof DataError, String(error))
      assert.equal(error.facts['column'], 'amount')
      assert.match(error.message, /amount/)
      if (typeof value === 'string' && value.length > 3) assert.ok(!error.message.includes(value))
      return true
    },
    `${schema?.type ?? 'no schema'} → ${type.kind}`
  )
}

const named = (type: SchemaType, name: string, parameters?: Map<string, string>): Schema =>
  new Schema(type, { name, ...(parameters === undefined ? {} : { parameters }) })

const INT = { kind: 'integer', min: -(2n ** 31n), max: 2n ** 31n - 1n } as const
const BIG = { kind: 'integer', min: -(2n ** 63n), max: 2n ** 63n - 1n } as const
const NUMERIC = { kind: 'decimal', precision: 5, scale: 2 } as const
const FREE = { kind: 'decimal', precision: null, scale: null, takesNaN: true } as const
const DOUBLE = { kind: 'float', bits: 64, takesNaN: true } as const
const FLOAT = { kind: 'float', bits: 32, takesNaN: false } as const
const TEXT = { kind: 'string', max: null, unit: 'characters', refuses: /\0/ } as const
const BYTES = { kind: 'bytes', max: 4 } as const
const JSON_TYPE = { kind: 'json' } as const
const DATE = { kind: 'date', minDay: -2_440_588, maxDay: 2_145_042_905 } as const
const TIME = { kind: 'time', resolutionNanos: 1000 } as const
const WALL = {
  kind: 'timestamp',
  hasZone: false,
  resolutionNanos: 1000,
  minMs: -2e14,
  maxMs: 9.2e15,
  takesInfinity: true
} as const
const ZONED = { ...WALL, hasZone: true } as const

describe('a value on its way to a column of numbers (I16)', () => {
  it('is taken where the column holds it exactly, whatever it is called', () => {
    assert.equal(written(Schema.INT64, 7, INT), 7)
    assert.equal(written(named('int64', 'io.debezium.time.NanoTimestamp'), 7n, INT), 7)
    assert.equal(written(Schema.INT64, 2n ** 63n - 1n, BIG), 2n ** 63n - 1n)
    assert.equal(written(decimalSchema(2), new Decimal(1200n, 2), INT), 12)
    assert.equal(written(Schema.FLOAT64, 12, INT), 12)
    assert.equal(written(Schema.STRING, ' 9007199254740993 ', BIG), 9007199254740993n)
    assert.equal(written(Schema.BOOLEAN, true, INT), 1)
    assert.equal(written(Schema.INT32, 1, { kind: 'boolean' }), true)
    assert.equal(written(Schema.STRING, 'FALSE', { kind: 'boolean' }), false)
    assert.equal(written(decimalSchema(3), new Decimal(123450n, 3), NUMERIC), '123.45')
    assert.equal(written(Schema.FLOAT64, 0.1, NUMERIC), '0.1')
    assert.equal(written(Schema.FLOAT32, Math.fround(0.1), FREE), '0.1')
    assert.equal(written(Schema.STRING, '1.5E3', FREE), '1500')
    assert.equal(written(Schema.INT32, 0, { kind: 'decimal', precision: 3, scale: 5 }), '0')
    assert.equal(written(Schema.STRING, '1.10', FREE), '1.10')
    assert.equal(written(Schema.FLOAT64, Number.NaN, FREE), 'NaN')
    assert.equal(written(Schema.INT64, 2n ** 63n - 1n, FREE), '9223372036854775807')
    assert.equal(written(decimalSchema(1), new Decimal(101n, 1), DOUBLE), 10.1)
    assert.equal(written(Schema.STRING, '-Infinity', DOUBLE), -Infinity)
    assert.equal(written(Schema.FLOAT64, 0.1, FLOAT), 0.1)
    assert.equal(written(Schema.INT64, 2n ** 60n, DOUBLE), 2 ** 60)
    const scaled = Schema.struct(
      [
        { name: 'scale', schema: Schema.INT32 },
        { name: 'value', schema: Schema.BYTES }
      ],
      { name: 'io.debezium.data.VariableScaleDecimal' }
    )
    const value = new Struct(scaled, [2, bigintToBytes(-12345n)])
    assert.equal(written(scaled, value, NUMERIC), '-123.45')
  })

  it('is refused where digits, range or sign would be lost', () => {
    refused(Schema.INT64, 2 ** 31, INT)
    refused(Schema.INT64, -(2n ** 63n), INT)
    refused(Schema.FLOAT64, 1.5, INT)
    refused(Schema.STRING, '1.5', INT)
    refused(Schema.STRING, 'twelve', INT)
    refused(Schema.STRING, '1e999999', BIG)
    refused(Schema.FLOAT64, Number.NaN, INT)
    refused(Schema.INT32, 2, { kind: 'boolean' })
    refused(decimalSchema(3), new Decimal(1234n, 3), NUMERIC)
    refused(decimalSchema(2), new Decimal(100000n, 2), NUMERIC)
    refused(decimalSchema(-400000), new Decimal(1n, -400_000), FREE)
    refused(Schema.FLOAT64, Infinity, FREE)
    refused(Schema.FLOAT64, 0.1 + 0.2, FLOAT)
    refused(Schema.FLOAT64, Number.NaN, FLOAT)
    refused(Schema.FLOAT64, 1e300, FLOAT)
    refused(Schema.INT64, 9_007_199_254_740_993n, DOUBLE)
    refused(decimalSchema(20), new Decimal(100000000000000000001n, 20), DOUBLE)
    refused(Schema.BYTES, Buffer.from('1'), INT)
    refused(dateSchema(), 5, INT)
  })
})

describe('a value on its way to a column of text, bytes or bits (I16)', () => {
  it('is measured in the unit of the column', () => {
    const characters = { ...TEXT, max: 3 }
    assert.equal(written(Schema.STRING, '😀😀😀', characters), '😀😀😀')
    refused(Schema.STRING, '😀😀😀😀', characters)
    refused(Schema.STRING, '😀😀', { ...characters, unit: 'UTF-16 units' })
    refused(Schema.STRING, 'éé', { ...characters, unit: 'bytes' })
    assert.equal(written(Schema.STRING, 'é1', { ...characters, unit: 'bytes' }), 'é1')
  })

  it('is refused where it is no text, or the column does not hold its characters', () => {
    refused(Schema.STRING, 'a\0bcd', TEXT)
    refused(Schema.STRING, 'abc\ud800', TEXT)
    refused(Schema.BYTES, Buffer.from('ab'), TEXT)
    refused(Schema.BYTES, Buffer.from('abcde'), BYTES)
    refused(Schema.STRING, 'abcde', BYTES)
    refused(Schema.STRING, 'not a uuid', { kind: 'uuid' })
    refused(Schema.STRING, 'grey', { kind: 'enum', labels: ['red', 'green'] })
  })

  it('has one exact text, or is bytes', () => {
    assert.equal(written(Schema.INT64, 12, TEXT), '12')
    assert.equal(written(Schema.FLOAT64, 1e21, TEXT), '1e+21')
    assert.equal(written(Schema.BOOLEAN, false, TEXT), 'false')
    assert.equal(written(dateSchema(), epochDay(2024, 2, 29), TEXT), '2024-02-29')
    assert.equal(written(timestampSchema(), 1500, TEXT), '1970-01-01T00:00:01.5Z')
    assert.deepEqual(written(Schema.STRING, 'é', BYTES), Buffer.from('é'))
    assert.deepEqual(written(null, 'AQI=', BYTES), Buffer.from([1, 2]))
    refused(null, '!secret!', BYTES)
    const uuid = '00112233-4455-6677-8899-aabbccddeeff'
    assert.equal(
      written(Schema.BYTES, Buffer.from(uuid.replaceAll('-', ''), 'hex'), { kind: 'uuid' }),
      uuid
    )
  })

  it('becomes bits, and loses none that is set', () => {
    const bits = (
      length: number,
      spare: 'first' | 'last' = 'last',
      varying = false
    ): TargetType => ({
      kind: 'bits',
      length,
      varying,
      spare
    })
    assert.equal(written(Schema.BOOLEAN, true, bits(1)), '1')
    assert.equal(written(Schema.INT8, -127, bits(8)), '10000001')
    assert.equal(written(Schema.INT16, 5, bits(4)), '0101')
    assert.equal(written(Schema.BYTES, Buffer.from([0xab, 0xc0]), bits(12)), '101010111100')
    assert.equal(
      written(Schema.BYTES, Buffer.from([0x0a, 0xbc]), bits(12, 'first')),
      '101010111100'
    )
    refused(Schema.BYTES, Buffer.from([0xab, 0xc1]), bits(12))
    refused(Schema.INT16, 16, bits(4))
    refused(Schema.STRING, '101', bits(4))
    assert.equal(written(Schema.STRING, '101', bits(4, 'last', true)), '101')
    const debezium = named('bytes', 'io.debezium.data.Bits', new Map([['length', '12']]))
    assert.equal(written(debezium, Buffer.from([0xbc, 0x0a]), bits(12)), '101010111100')
    refused(debezium, Buffer.from([0xbc, 0x1a]), bits(12))
  })
})

describe('a nested value', () => {
  const line = Schema.struct([
    { name: 'sku', schema: Schema.STRING },
    { name: 'price', schema: decimalSchema(2) },
    { name: 'raw', schema: Schema.OPTIONAL_BYTES },
    { name: 'at', schema: timestampSchema() },
    { name: 'big', schema: Schema.INT64 }
  ])
  const lines = Schema.array(line)
  const value = [new Struct(line, ['a"b', new Decimal(150n, 2), null, 1500, 2n ** 60n])]
  const text =
    '[{"sku":"a\\"b","price":1.50,"raw":null,"at":"1970-01-01T00:00:01.5Z","big":1152921504606846976}]'

  it('is JSON with all its digits in a column of JSON, and elsewhere only where one wants it', () => {
    assert.equal(written(lines, value, JSON_TYPE), text)
    refused(lines, value, TEXT)
    assert.equal(written(lines, value, TEXT, { rules: { nestsAsJson: true } }), text)
    const map = Schema.map(Schema.INT32, Schema.STRING)
    assert.equal(written(map, new Map([[1, 'x']]), JSON_TYPE), '[[1,"x"]]')
    const plain = new Map<string, unknown>([['a', [1, 2.5, null, true, 'é']]])
    assert.equal(written(null, plain, JSON_TYPE), '{"a":[1,2.5,null,true,"é"]}')
    assert.equal(written(Schema.STRING, '{"a": 1}', JSON_TYPE), '{"a": 1}')
    refused(Schema.STRING, '{"a": ', JSON_TYPE)
    refused(Schema.array(Schema.FLOAT64), [Number.NaN], JSON_TYPE)
  })

  it('is an array of values of its element, of as many dimensions as it has', () => {
    const ints = { kind: 'array', element: INT } as const
    const two = Schema.array(Schema.array(Schema.INT32))
    assert.deepEqual(written(Schema.array(Schema.INT32), [1, null], ints), [1, null])
    assert.deepEqual(written(two, [[1], [2]], ints), [[1], [2]])
    assert.deepEqual(written(null, [['1'], [2]], ints), [[1], [2]])
    assert.equal(written(Schema.STRING, '{1,2}', ints), '{1,2}')
    refused(Schema.array(Schema.INT64), [1, 2 ** 40], ints)
    const writer = valueWriter(Schema.array(Schema.BYTES), columnOf(ints), RULES)
    assert.match(writer.neverFits ?? '', /amount \(a type\) cannot take array/)
  })
})

describe('a time on its way to a column', () => {
  const noon = Date.UTC(2024, 6, 1, 12)
  const shanghai = new TimeZone('Asia/Shanghai')
  const newYork = new TimeZone('America/New_York')
  const at = (ms: number, nanos = 0): object => ({ ms, nanos })

  it('is the instant where the column has a zone, and the wall clock of db.timezone where not', () => {
    const rules = { timeZone: shanghai }
    assert.deepEqual(written(timestampSchema(), noon, ZONED, { rules }), at(noon))
    assert.deepEqual(written(timestampSchema(), noon, WALL, { rules }), at(noon + 8 * 3_600_000))
    const text = '2024-07-01T12:00:00.000001Z'
    assert.deepEqual(written(Schema.STRING, text, ZONED, { rules }), at(noon, 1000))
    assert.deepEqual(written(Schema.STRING, text.slice(0, -1), WALL, { rules }), at(noon, 1000))
    const zoned = named('string', 'io.debezium.time.ZonedTimestamp')
    assert.deepEqual(written(zoned, '2024-07-01T20:00:00+08:00', ZONED, { rules }), at(noon))
    // Others count readings of the wall clock: no zone moves them to a column without one.
    const micros = named('int64', 'io.debezium.time.MicroTimestamp')
    assert.deepEqual(written(micros, noon * 1000 + 1, WALL, { rules }), at(noon, 1000))
    assert.deepEqual(written(micros, noon * 1000, ZONED, { rules }), at(noon - 8 * 3_600_000))
    assert.equal(written(micros, noon * 1000, BIG), noon * 1000)
  })

  it('keeps every digit, or is refused', () => {
    const nanos = named('int64', 'io.debezium.time.NanoTimestamp')
    refused(nanos, 1n, WALL)
    assert.deepEqual(written(nanos, 1n, { ...WALL, resolutionNanos: 1 }), at(0, 1))
    refused(timestampSchema(), 1, { ...WALL, resolutionNanos: 1_000_000_000 })
    refused(timestampSchema(), 1000, { ...WALL, resolutionNanos: 60_000_000_000 })
    refused(timestampSchema(), -3e14, WALL)
    refused(Schema.STRING, 'yesterday', WALL)
    refused(timestampSchema(), 9.1e15, WALL, { rules: { timeZone: shanghai } })
    assert.deepEqual(written(timestampSchema(), 9_223_372_036_825_200_000n, WALL), at(Infinity))
    refused(timestampSchema(), 9_223_372_036_825_200_000n, { ...WALL, takesInfinity: false })
  })

  it('is an epoch of timestamp.fields.list, as a number or as text', () => {
    const micros = noon * 1000 + 1
    assert.deepEqual(written(Schema.INT64, micros, WALL, { epoch: 6 }), at(noon, 1000))
    assert.deepEqual(written(Schema.STRING, String(micros), WALL, { epoch: 6 }), at(noon, 1000))
    assert.deepEqual(
      written(Schema.INT64, BigInt(micros) * 1000n, WALL, { epoch: 9 }),
      at(noon, 1000)
    )
    assert.equal(written(Schema.INT64, micros, BIG, { epoch: 6 }), micros)
    refused(Schema.STRING, 'soon', WALL, { epoch: 6 })
  })

  it('has the date that the JVM connector writes: of date.timezone, and of the Julian calendar before 1582', () => {
    const leap = epochDay(2024, 2, 29)
    assert.equal(written(dateSchema(), leap, DATE), leap)
    assert.equal(written(dateSchema(), leap, DATE, { rules: { dateZone: newYork } }), leap - 1)
    assert.equal(written(dateSchema(), julianDay(1500, 1, 1), DATE), epochDay(1500, 1, 1))
    refused(dateSchema(), julianDay(1500, 2, 29), DATE)
    const gregorian = { rules: { julianBefore1582: false } }
    assert.equal(written(dateSchema(), epochDay(1500, 1, 1), DATE, gregorian), epochDay(1500, 1, 1))
    const ms = julianDay(1000, 6, 1) * MS_PER_DAY + 1
    assert.deepEqual(
      written(timestampSchema(), ms, WALL),
      at(epochDay(1000, 6, 1) * MS_PER_DAY + 1, 1_000_000)
    )
    assert.equal(written(Schema.STRING, '1500-01-01', DATE), epochDay(1500, 1, 1))
    assert.equal(written(timestampSchema(), leap * MS_PER_DAY, DATE), leap)
    refused(timestampSchema(), leap * MS_PER_DAY + 1, DATE)
    refused(dateSchema(), 2 ** 31 - 1, DATE)
  })

  it('is a time of the day, to the nanosecond', () => {
    assert.equal(written(timeSchema(), 1500, TIME), 1_500_000_000)
    assert.equal(written(timeSchema(), 0, TIME, { rules: { timeZone: shanghai } }), 8 * 3.6e12)
    assert.equal(
      written(timeSchema(), 0, { ...TIME, hasZone: true }, { rules: { timeZone: shanghai } }),
      0
    )
    assert.equal(written(named('int64', 'io.debezium.time.MicroTime'), 1, TIME), 1000)
    refused(named('int64', 'io.debezium.time.NanoTime'), 1, TIME)
    refused(named('int64', 'io.debezium.time.MicroTime'), 86_400_000_000, TIME)
    assert.equal(written(Schema.STRING, '23:59:59.999999', TIME), 86_399_999_999_000)
    assert.equal(written(Schema.STRING, '01:00:00+02:00', { ...TIME, hasZone: true }), 23 * 3.6e12)
    refused(Schema.STRING, '25:00', TIME)
    assert.deepEqual(written(timeSchema(), 1500, WALL), { ms: 1500, nanos: 500_000_000 })
  })
})

describe('no value', () => {
  const column = (over: Partial<TargetColumn>): TargetColumn => columnOf(INT, over)
  const withDefault = new Schema('int32', { optional: true, defaultValue: 9 })

  it('is the default of its schema, unless replace.null.with.default says no', () => {
    assert.equal(valueWriter(withDefault, column({}), RULES).write(null), 9)
    const rules = { ...RULES, nullBecomesDefault: false }
    assert.equal(valueWriter(withDefault, column({}), rules).write(null), null)
  })

  it('leaves a column to its default, and is an error where it has none', () => {
    const { write } = valueWriter(Schema.OPTIONAL_INT32, column({ isNullable: false }), RULES)
    assert.throws(() => write(null), /Column amount takes no null and has no default/)
    const left = column({ isNullable: false, hasDefault: true })
    assert.equal(valueWriter(Schema.OPTIONAL_INT32, left, RULES).write(null), undefined)
  })

  it('is what Debezium could not read: the column is left out', () => {
    const { write } = valueWriter(Schema.STRING, columnOf(TEXT), RULES)
    assert.equal(write('__debezium_unavailable_value'), undefined)
  })
})
