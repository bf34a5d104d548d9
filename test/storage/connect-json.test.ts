import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonObject, jsonScalar, objectFields, parseJson } from '../../src/storage/connect-json.ts'
import { jsonString } from '../../src/data/json-string.ts'

void describe('JSON as JsonConverter writes it', () => {
  void it('escapes what Jackson escapes and nothing else', () => {
    assert.equal(jsonString('a"b\\c/d'), '"a\\"b\\\\c/d"')
    assert.equal(jsonString('\b\t\n\f\r\u000b\u0000'), '"\\b\\t\\n\\f\\r\\u000B\\u0000"')
    assert.equal(jsonString('é 资产 \u007f \u2028'), '"é 资产 \u007f \u2028"')
    assert.equal(jsonString('😀'), '"\\uD83D\\uDE00"')
  })

  void it('keeps half a surrogate pair, which UTF-8 could not', () => {
    assert.equal(parseJson(Buffer.from(jsonString('a\ud83d'))), 'a\ud83d')
  })

  void it('writes numbers in the forms of Java', () => {
    const forms: [number, string][] = [
      [0.5, '0.5'],
      [100.25, '100.25'],
      [1e-3, '0.001'],
      [9.99e-4, '9.99E-4'],
      [9999999.5, '9999999.5'],
      [10000000.5, '1.00000005E7'],
      [1e20, '1.0E20'],
      [-1e21, '-1.0E21'],
      [5e-324, '4.9E-324'],
      [-0, '-0.0'],
      [0, '0'],
      [3, '3']
    ]
    for (const [value, text] of forms) assert.equal(jsonScalar(value), text)
  })

  void it('writes whole numbers as integers, those beyond 2^53 only from a bigint', () => {
    assert.equal(jsonScalar(1), '1')
    assert.equal(jsonScalar(9007199254740993n), '9007199254740993')
    assert.equal(jsonScalar(2 ** 53), '9.007199254740992E15')
  })

  void it('I5: refuses numbers JSON has no form for', () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      assert.throws(() => jsonScalar(value), { code: 'DATA_INVALID' })
    }
  })

  void it('I5: reads integers beyond 2^53 as bigint, doubles as number', () => {
    const bytes = Buffer.from('{"a":9007199254740993,"b":-9223372036854775808,"c":1.0E20,"d":7}')
    const fields = objectFields(parseJson(bytes))
    assert.deepEqual(fields === null ? [] : [...fields.values()], [
      9007199254740993n,
      -9223372036854775808n,
      1e20,
      7
    ])
  })

  void it('keeps __proto__ as a plain key', () => {
    const fields = objectFields(
      parseJson(Buffer.from('{"__proto__":"x","a":12345678901234567890}'))
    )
    assert.equal(fields?.get('__proto__'), 'x')
    assert.equal(
      jsonObject(fields as ReadonlyMap<string, string>).startsWith('{"__proto__":"x"'),
      true
    )
  })

  void it('I7: does not quote what it cannot read', () => {
    const bytes = Buffer.from('{"database.password":"topsecret"')
    assert.throws(
      () => parseJson(bytes),
      (error: Error) => !error.message.includes('topsecret') && error.cause === undefined
    )
  })

  void it('refuses bytes that are no UTF-8, and survives absurd nesting', () => {
    assert.throws(() => parseJson(Buffer.from([0x22, 0xff, 0x22])), { code: 'DATA_INVALID' })
    const deep = Buffer.from(`${'['.repeat(200_000)}1234567890123456789${']'.repeat(200_000)}`)
    assert.throws(() => parseJson(deep), { code: 'DATA_INVALID' })
  })
})
