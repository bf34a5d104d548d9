import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { julianDays } from '../../../../src/connectors/jdbc/values/julian-calendar.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import {
  cutTimestamp,
  epochNanos,
  readTimestampText,
  readTimeText,
  type Timestamp,
  timestampOfMs,
  timestampOfNanos,
  timestampText
} from '../../../../src/connectors/jdbc/values/timestamp.ts'
import { civilDate, epochDay } from '../../../../src/data/calendar.ts'

function parsed(text: string): Timestamp {
  const parts = { ms: 0, nanos: 0 }
  readTimestampText(text, parts)
  return parts
}

describe('timestamps', () => {
  it('are read from text to the nanosecond', () => {
    for (const [text, iso, nanos] of [
      ['2024-02-29 23:59:59.123456789', '2024-02-29T23:59:59.123Z', 123_456_789],
      ['2024-02-29 23:59:59', '2024-02-29T23:59:59.000Z', 0],
      ['2024-02-29T23:59:59.5', '2024-02-29T23:59:59.500Z', 500_000_000],
      ['2024-02-29', '2024-02-29T00:00:00.000Z', 0],
      ['2024-02-29 10:20', '2024-02-29T10:20:00.000Z', 0],
      ['2024-02-29 10:20:30.000001+00', '2024-02-29T10:20:30.000Z', 1000],
      ['2024-02-29 10:20:30+05:30', '2024-02-29T04:50:30.000Z', 0],
      ['2024-02-29T10:20:30.1Z', '2024-02-29T10:20:30.100Z', 100_000_000],
      ['1969-12-31 23:59:59.999999', '1969-12-31T23:59:59.999Z', 999_999_000],
      ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z', 0],
      ['0044-03-15 00:00:00 BC', '-000043-03-15T00:00:00.000Z', 0],
      ['12024-01-01 00:00:00', '+012024-01-01T00:00:00.000Z', 0]
    ] as const) {
      assert.deepEqual(parsed(text), { ms: Date.parse(iso), nanos }, text)
    }
  })

  it('I5: refuse what is no timestamp or would lose digits', () => {
    for (const text of [
      'infinity',
      '0000-00-00 00:00:00',
      '2023-02-29 00:00:00',
      '2024-13-01',
      '2024-01-01 25:00:00',
      '2024-01-01 00:00:00.0000000001',
      ''
    ]) {
      assert.throws(() => parsed(text), /is not a timestamp/, text)
    }
    assert.throws(() => readTimeText('24:00:00'), /is not a time of day/)
  })

  it('survive the way to text, to nanoseconds and back', () => {
    for (const text of [
      '2024-02-29 23:59:59.123456789',
      '1969-12-31 23:59:59.999999999',
      '1582-10-04 00:00:00.000000001'
    ]) {
      assert.equal(timestampText(parsed(text), 9), text)
      assert.deepEqual(timestampOfNanos(epochNanos(parsed(text))), parsed(text))
    }
    assert.deepEqual(timestampOfMs(-1), { ms: -1, nanos: 999_000_000 })
  })

  it('are cut, never rounded, to what a column holds', () => {
    assert.deepEqual(
      cutTimestamp(parsed('2024-01-01 00:00:01.999999999'), 1000),
      parsed('2024-01-01 00:00:01.999999')
    )
    assert.deepEqual(
      cutTimestamp(parsed('1969-12-31 23:59:59.5'), 1_000_000_000),
      parsed('1969-12-31 23:59:59')
    )
  })

  it('know every day of the calendar', () => {
    for (const days of [-719_468, -1, 0, 11_016, 19_782]) {
      const [year, month, day] = civilDate(days)
      assert.equal(epochDay(year, month, day), days)
    }
    // Thursday 4 October 1582 was followed by Friday 15 October.
    assert.equal(julianDays(epochDay(1582, 10, 4)), epochDay(1582, 10, 14))
    assert.equal(julianDays(epochDay(1582, 10, 15)), epochDay(1582, 10, 15))
    assert.equal(julianDays(epochDay(1, 1, 1)), epochDay(1, 1, 1) - 2)
  })
})

describe('time zones', () => {
  const at = (iso: string): number => Date.parse(iso)

  it('are named as in Java, by place, by offset or by three letters', () => {
    for (const [id, offsetHours] of [
      ['UTC', 0],
      ['Asia/Shanghai', 8],
      ['GMT+8', 8],
      ['+08:00', 8],
      ['EST', -5],
      ['CTT', 8],
      ['UTC-03:30', -3.5]
    ] as const) {
      assert.equal(
        new TimeZone(id).offsetAt(at('2024-01-01T00:00:00Z')),
        offsetHours * 3_600_000,
        id
      )
    }
    assert.throws(() => new TimeZone('Mars/Olympus'), /Invalid time zone/)
  })

  it('read an hour that occurs twice as the later one and move one that never occurs', () => {
    const zone = new TimeZone('America/New_York')
    const instant = (wall: string): string => new Date(zone.epochMsOf(at(wall))).toISOString()
    assert.equal(instant('2024-11-03T01:30:00Z'), '2024-11-03T06:30:00.000Z')
    assert.equal(instant('2024-03-10T02:30:00Z'), '2024-03-10T07:30:00.000Z')
    assert.equal(instant('2024-07-01T12:00:00Z'), '2024-07-01T16:00:00.000Z')
  })

  it("show today's standard time before 1900, as Java's do", () => {
    for (const [id, wall, instant] of [
      ['America/New_York', '1883-11-18T00:00:00Z', '1883-11-18T05:00:00.000Z'],
      ['Asia/Shanghai', '1899-12-31T00:00:00Z', '1899-12-30T16:00:00.000Z'],
      ['Asia/Shanghai', '1900-06-01T00:00:00Z', '1900-05-31T15:54:17.000Z'],
      ['Europe/Dublin', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z']
    ] as const) {
      assert.equal(new Date(new TimeZone(id).epochMsOf(at(wall))).toISOString(), instant, id)
    }
  })

  it('I6: hold the upper bound back while an hour repeats', () => {
    const zone = new TimeZone('America/New_York')
    const bound = (instant: string): string =>
      new Date(zone.settledWall({ ms: at(instant), nanos: 0 }).ms).toISOString().slice(11, 16)
    assert.equal(bound('2024-11-03T04:59:00Z'), '00:59')
    assert.equal(bound('2024-11-03T05:30:00Z'), '01:00')
    assert.equal(bound('2024-11-03T06:59:00Z'), '01:00')
    assert.equal(bound('2024-11-03T07:00:00Z'), '02:00')
  })
})
