import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  civilDate,
  epochDay,
  FIRST_GREGORIAN_DAY,
  julianDate,
  julianDay,
  modulo
} from '../../src/data/calendar.ts'

describe('The calendars', () => {
  it('give each day a date, and the date its day', () => {
    for (let day = -1_500_000; day < 1_500_000; day += 97) {
      assert.equal(epochDay(...civilDate(day)), day)
      assert.equal(julianDay(...julianDate(day)), day)
    }
  })

  it('are those of JavaScript, and ten days apart when the Gregorian one began', () => {
    for (const day of [-800_000, -719_528, -1, 0, 11_016, 20_000, 2_932_896]) {
      const date = new Date(day * 86_400_000)
      assert.deepEqual(civilDate(day), [
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate()
      ])
    }
    assert.deepEqual(civilDate(FIRST_GREGORIAN_DAY), [1582, 10, 15])
    assert.deepEqual(julianDate(FIRST_GREGORIAN_DAY), [1582, 10, 5])
    assert.deepEqual(julianDate(FIRST_GREGORIAN_DAY - 1), [1582, 10, 4])
  })

  it('have leap days each fourth year, of centuries only each fourth in the Gregorian one', () => {
    assert.equal(julianDay(1500, 3, 1) - julianDay(1500, 2, 28), 2)
    assert.equal(epochDay(1900, 3, 1) - epochDay(1900, 2, 28), 1)
    assert.equal(epochDay(2000, 3, 1) - epochDay(2000, 2, 28), 2)
    assert.equal(modulo(-1, 7), 6)
  })
})
