import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteReader, NeedMore } from '../../../../support/oracle/wire/byte-reader.ts'
import { ByteWriter } from '../../../../support/oracle/wire/byte-writer.ts'
import {
  decodeMoment,
  decodeOffset,
  encodeDate,
  encodeTimestamp,
  encodeTimestampTz,
  shortTimestamp
} from '../../../../support/oracle/wire/datetime.ts'
import { decodeFloating, encodeFloating } from '../../../../support/oracle/wire/floating.ts'
import {
  decodeDaySecond,
  decodeYearMonth,
  encodeDaySecond,
  encodeYearMonth
} from '../../../../support/oracle/wire/interval.ts'
import { secondsOf } from '../../../../support/oracle/wire/moment.ts'
import {
  decodeNumber,
  encodeNumber,
  numberText,
  parseNumber
} from '../../../../support/oracle/wire/number.ts'
import { parseRowid, rowAddress, rowidText } from '../../../../support/oracle/wire/rowid.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('Oracle test server: bytes on the wire', () => {
  it('writes UB numbers with their length in front, and reads them back', () => {
    for (const [value, bytes] of [
      [0, '00'],
      [1, '0101'],
      [255, '01ff'],
      [256, '020100'],
      [65_536, '03010000'],
      [4_294_967_295, '04ffffffff'],
      [4_294_967_296, '080000000100000000'],
      [-1, '8101']
    ] as const) {
      assert.equal(hex(new ByteWriter().ub(value).view()), bytes)
      assert.equal(new ByteReader(Buffer.from(bytes, 'hex')).ub(), value)
    }
  })

  it('cuts long values into pieces, and waits for what has not come', () => {
    const long = Buffer.alloc(40_000, 7)
    const written = Buffer.from(new ByteWriter().bytes(long).view())
    assert.equal(hex(written.subarray(0, 4)), 'fe027fff')
    assert.deepEqual(new ByteReader(written).bytes(), long)
    assert.throws(() => new ByteReader(written.subarray(0, 39_000)).bytes(), NeedMore)
    assert.equal(new ByteReader(Buffer.from('00', 'hex')).bytes(), null)
  })

  it('codes NUMBERs as the database dumps them', () => {
    for (const [text, bytes] of [
      ['0', '80'],
      ['1', 'c102'],
      ['-1', '3e6466'],
      ['10', 'c10b'],
      ['100', 'c202'],
      ['123', 'c20218'],
      ['-123.45', '3d644e3866'],
      ['.5', 'c033'],
      ['.01', 'c002'],
      ['.001', 'bf0b'],
      ['99999999999999999999999999999999999999', `d3${'64'.repeat(19)}`],
      ['12345678901234567890123456789012345678', 'd30d23394f5b0d23394f5b0d23394f5b0d23394f']
    ] as const) {
      assert.equal(hex(encodeNumber(parseNumber(text))), bytes, text)
      assert.equal(numberText(decodeNumber(Buffer.from(bytes, 'hex'))), text)
    }
  })

  it('rounds NUMBERs to the digits that fit, and refuses those too large', () => {
    const third = encodeNumber(parseNumber(`0.${'3'.repeat(60)}`))
    assert.equal(numberText(decodeNumber(third)), `.${'3'.repeat(40)}`)
    const nines = encodeNumber(parseNumber(`0.${'9'.repeat(60)}`))
    assert.equal(numberText(decodeNumber(nines)), '1')
    assert.throws(() => encodeNumber(parseNumber('1e126')), /ORA-01426/)
    assert.throws(() => parseNumber('1,5'), /ORA-01722/)
  })

  it('codes NUMBERs so that their bytes sort as they do', () => {
    const texts = [
      '-1e30',
      '-100.5',
      '-100',
      '-1',
      '-.001',
      '0',
      '1e-9',
      '.5',
      '1',
      '1.1',
      '99',
      '100',
      '1e30'
    ]
    const coded = texts.map((text) => encodeNumber(parseNumber(text)))
    assert.deepEqual(coded.toSorted(Buffer.compare), coded)
  })

  it('codes dates and timestamps', () => {
    const seconds = secondsOf({ year: 2024, month: 2, day: 29, hour: 13, minute: 14, second: 15 })
    assert.equal(hex(encodeDate(seconds)), '787c021d0e0f10')
    assert.equal(hex(encodeTimestamp({ seconds, nanos: 123_456_789 })), '787c021d0e0f10075bcd15')
    assert.equal(hex(shortTimestamp(encodeTimestamp({ seconds, nanos: 0 }))), '787c021d0e0f10')
    const zoned = encodeTimestampTz({ seconds, nanos: 1 }, -210)
    assert.equal(hex(zoned), '787c021d0e0f1000000001111e')
    assert.equal(decodeOffset(zoned), -210)
    assert.deepEqual(decodeMoment(zoned), { seconds, nanos: 1 })
    for (const year of [-44, 1, 1582, 1969, 9999]) {
      const old = secondsOf({ year, month: 12, day: 31, hour: 23, minute: 59, second: 59 })
      assert.deepEqual(decodeMoment(encodeDate(old)), { seconds: old, nanos: 0 })
    }
  })

  it('codes intervals', () => {
    assert.equal(hex(encodeYearMonth(14)), '800000013e')
    assert.equal(hex(encodeYearMonth(-14)), '7fffffff3a')
    assert.equal(decodeYearMonth(encodeYearMonth(-14)), -14)
    const nanos = ((3n * 24n + 4n) * 3600n + 5n * 60n + 6n) * 1_000_000_000n + 7n
    assert.equal(hex(encodeDaySecond(nanos)), '8000000340414280000007')
    assert.equal(decodeDaySecond(encodeDaySecond(-nanos)), -nanos)
  })

  it('codes floating numbers so that their bytes sort, with infinities and what is no number', () => {
    const values = [-Infinity, -1.5, -0.1, 0, 0.1, 1.5, Infinity, Number.NaN]
    for (const size of [4, 8] as const) {
      const coded = values.map((value) => encodeFloating(value, size))
      assert.deepEqual(coded.toSorted(Buffer.compare), coded)
      const exact = values.map((value) => (size === 4 ? Math.fround(value) : value))
      assert.deepEqual(coded.map(decodeFloating), exact)
    }
    assert.equal(hex(encodeFloating(1, 8)), 'bff0000000000000')
    assert.equal(hex(encodeFloating(-1, 4)), '407fffff')
  })

  it('writes ROWIDs of eighteen characters', () => {
    const text = rowidText(rowAddress(70_001, 5000))
    assert.match(text, /^[A-Za-z0-9+/]{18}$/)
    assert.deepEqual(parseRowid(text), rowAddress(70_001, 5000))
    assert.equal(parseRowid('AAA'), null)
  })
})
