import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '../../src/data/json-node.ts'
import { JsonNumber } from '../../src/data/json-reader.ts'
import { DataError } from '../../src/errors.ts'

describe('JSON of a record', () => {
  it('I5: keeps the digits of numbers that a JavaScript number may not hold', () => {
    assert.deepEqual(parseJson('[1, 007, -0, 1.50, 1e3, 9007199254740993]'), [
      1,
      7,
      0,
      new JsonNumber('1.50'),
      new JsonNumber('1e3'),
      new JsonNumber('9007199254740993')
    ])
  })

  it('makes the same plain objects whether it needs the exact reader or not', () => {
    const [plain, exact] = [parseJson('{"__proto__":{"a":1}}'), parseJson('{"__proto__":{"a":01}}')]
    assert.deepEqual(exact, plain)
    assert.deepEqual(Object.keys(exact as object), ['__proto__'])
  })

  it('says where it is wrong', () => {
    const wrong: [string, string][] = [
      ['{"a":1.5', 'JSON ends too early'],
      ['[1.5 2]', 'Unexpected character in JSON at position 5'],
      ['1.5 x', 'Unexpected character in JSON at position 4: text after the end of the document'],
      [
        '["a\u0001"]',
        'Unexpected character in JSON at position 1: a string that does not end or holds a control character'
      ]
    ]
    for (const [text, message] of wrong)
      assert.throws(() => parseJson(text), new DataError(message))
    assert.throws(() => parseJson('['.repeat(501)), /nesting deeper than 500/)
  })
})
