import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLiteral } from '../../src/data/literals.ts'
import { dateSchema, timestampSchema } from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { toJavaText, toLiteral } from '../../src/data/value-text.ts'

// test/converters/jvm.test.ts compares these with Kafka's own; here is what differs on purpose, and what must
// never happen.

void describe('literals', () => {
  void it('I5: keep the date of moments before 1970-01-02, where the JVM writes the time of day only', () => {
    assert.equal(toLiteral(dateSchema(), -1), '1969-12-31')
    assert.equal(toLiteral(timestampSchema(), -1), '1969-12-31T23:59:59.999Z')
    assert.equal(toLiteral(timestampSchema(), 3_600_000), '1970-01-01T01:00:00.000Z')
    assert.equal(parseLiteral('1969-12-31').value, -1)
  })

  void it('come back as they were written', () => {
    const values: [Schema | null, unknown][] = [
      [Schema.INT64, 9_223_372_036_854_775_807n],
      [Schema.array(Schema.STRING), ['a,b', '[x]', '']],
      [Schema.map(Schema.STRING, Schema.INT8), new Map([['a:b', 1]])],
      [timestampSchema(), 1_709_164_800_123]
    ]
    for (const [schema, value] of values) {
      assert.deepEqual(parseLiteral(toLiteral(schema, value)).value, value)
    }
  })

  void it('never throw while reading, whatever the text', () => {
    for (const text of [
      '[',
      '{',
      '"',
      '\\',
      '[[[',
      '{"',
      '[{"a":[',
      '1e9999999999',
      '-',
      ':::::',
      '[\\'
    ]) {
      assert.equal(typeof parseLiteral(text).value, 'string', text)
    }
    assert.deepEqual(parseLiteral('{"__proto__":1}').value, new Map([['__proto__', 1]]))
  })
})

void describe('text of values', () => {
  void it('I5: shows the digits of bytes, where Java shows the address of an object', () => {
    assert.equal(toJavaText(Schema.BYTES, Buffer.from('a')), '0x61')
    assert.equal(toJavaText(null, [Buffer.from([0, 255])]), '[0x00ff]')
  })

  void it('is that of Java for schemaless values', () => {
    const value = new Map<unknown, unknown>([
      ['a', [1, 2.5, null]],
      [2, true]
    ])
    assert.equal(toJavaText(null, value), '{a=[1, 2.5, null], 2=true}')
  })
})
