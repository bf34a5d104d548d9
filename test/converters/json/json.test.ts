import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { jsonConverterPlugin } from '../../../src/converters/json/json-converter.ts'
import { Decimal, decimalSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { DataError } from '../../../src/errors.ts'
import type { Converter, SchemaAndValue } from '../../../src/plugin/converter.ts'
import {
  type Answer,
  askJvm,
  describeSchema,
  describeValue,
  type Question
} from '../../support/converter-oracle.ts'
import { differOnlyInDigits } from '../../support/java-digits.ts'
import { address, customer, envelopes, plainDocuments, writeCases } from './json.cases.ts'

const CLASS = jsonConverterPlugin.className
type Config = Record<string, string>

const SCHEMALESS: Config = { 'schemas.enable': 'false' }
const configs: [string, Config][] = [
  ['with schemas', {}],
  ['without schemas', SCHEMALESS],
  ['decimals as numbers', { ...SCHEMALESS, 'decimal.format': 'numeric' }],
  ['defaults left alone', { 'replace.null.with.default': 'false' }]
]

function converterWith(config: Config): Converter {
  return jsonConverterPlugin.create(new Map(Object.entries(config)), 'value')
}

function write(converter: Converter, schema: Schema | null, value: unknown): string | null {
  const bytes = converter.fromConnectData('t', schema, value) as Uint8Array | null
  return bytes === null ? null : Buffer.from(bytes).toString()
}

const read = (converter: Converter, document: string | null): SchemaAndValue =>
  converter.toConnectData('t', document === null ? null : Buffer.from(document)) as SchemaAndValue

const base64 = (text: string): string => Buffer.from(text).toString('base64')

void describe('JsonConverter and its model in the JVM', () => {
  const documents: [string, Config][] = [
    ...plainDocuments.map((document): [string, Config] => [document, SCHEMALESS]),
    ...envelopes.map((document): [string, Config] => [document, {}]),
    [
      '{"a":1}',
      { 'schema.content': '{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}' }
    ],
    [
      '{"schema":{"type":"int32","optional":true,"default":5},"payload":null}',
      { 'replace.null.with.default': 'false' }
    ]
  ]
  let writes: Answer[] = []
  let reads: Answer[] = []

  before(async () => {
    const questions: Question[] = configs.flatMap(([, config]) =>
      writeCases.map(({ schema, value }) => ({
        op: 'write' as const,
        class: CLASS,
        config,
        schema: describeSchema(schema),
        value: describeValue(schema, value)
      }))
    )
    const readQuestions = documents.map(([document, config]) => ({
      op: 'read' as const,
      class: CLASS,
      config,
      bytes: base64(document)
    }))
    const answers = await askJvm([...questions, ...readQuestions])
    writes = answers.slice(0, questions.length)
    reads = answers.slice(questions.length)
  })

  for (const [c, [what, config]] of configs.entries()) {
    void it(`write the same bytes ${what} (${writeCases.length} values)`, () => {
      const converter = converterWith(config)
      for (const [i, { name, schema, value }] of writeCases.entries()) {
        const answer = writes[c * writeCases.length + i] as Answer
        if (answer.error !== undefined) {
          assert.throws(
            () => write(converter, schema, value),
            DataError,
            `${name}: ${answer.error}`
          )
          continue
        }
        const { bytes = null } = answer
        const expected = bytes === null ? null : Buffer.from(bytes, 'base64').toString()
        const text = write(converter, schema, value)
        // Of a few doubles and floats an older Java prints more digits.
        if (text === null || expected === null || !differOnlyInDigits(schema, text, expected)) {
          assert.equal(text, expected, name)
        }
      }
    })
  }

  void it(`read the same values (${documents.length} documents)`, () => {
    for (const [i, [document, config]] of documents.entries()) {
      const answer = reads[i] as Answer
      const converter = converterWith(config)
      if (answer.error !== undefined) {
        assert.throws(() => read(converter, document), DataError, `${document}: ${answer.error}`)
        continue
      }
      // Twice: the second time the schema comes from the cache.
      for (const { schema, value } of [read(converter, document), read(converter, document)]) {
        assert.deepEqual(describeSchema(schema, true), answer.schema, document)
        assert.deepEqual(describeValue(schema, value, true), answer.value, document)
      }
    }
  })
})

void describe('JsonConverter', () => {
  void it('I5: refuses values that do not fit, naming the field, the type and what was found', () => {
    const converter = converterWith(SCHEMALESS)
    const home = new Struct(address, ['street', 'not a number', []])
    const values = [1, ...Array<null>(8).fill(null), home, null, null, null]
    assert.throws(() => write(converter, customer, new Struct(customer, values)), {
      name: 'DataError',
      message: 'Field home.zip does not fit its schema: expected int32, found a string'
    })
    const misfits: [Schema, unknown, RegExp][] = [
      [Schema.INT8, 128, /expected int8, found an integer/],
      [Schema.INT16, -32769, /expected int16/],
      [Schema.INT32, 2 ** 31, /expected int32, found an integer beyond int32/],
      [Schema.INT64, 2 ** 53, /may have lost digits/],
      [Schema.INT64, 2n ** 63n, /beyond int64/],
      [Schema.INT64, 1.5, /fraction/],
      [Schema.FLOAT32, 0.12345678901, /expected float32, found a number with a fraction/],
      [Schema.FLOAT32, 1e300, /expected float32/],
      [Schema.STRING, 5, /expected string, found an integer/],
      [Schema.BYTES, 'text', /expected bytes/],
      [
        decimalSchema(1),
        new Decimal(125n, 2),
        /Decimal of scale 1 \(bytes\), found a Decimal of scale 2/
      ],
      [Schema.array(Schema.INT32), [1, null], /Field \[1\] is null/],
      [Schema.map(Schema.STRING, Schema.INT32), new Map([['k', 'v']]), /Field \[k\] does not fit/],
      [address, new Struct(customer), /Mismatching schema/]
    ]
    for (const [schema, value, message] of misfits) {
      assert.throws(() => write(converter, schema, value), message)
    }
  })

  void it('I5: reads no wrong kind of number, where the JVM would change the value', () => {
    const converter = converterWith({})
    const refused = [
      ['int32', '"12"'],
      ['int32', '2147483648'],
      ['int8', '300'],
      ['int64', '9223372036854775808'],
      ['int64', '1.5'],
      ['double', '1e400'],
      ['string', '5'],
      ['boolean', '0']
    ]
    for (const [type, payload] of refused) {
      const document = `{"schema":{"type":"${type}"},"payload":${payload}}`
      assert.throws(() => read(converter, document), DataError, document)
    }
    const nan = read(converter, '{"schema":{"type":"double"},"payload":"NaN"}')
    assert.ok(Number.isNaN(nan.value), 'what was written for NaN comes back as NaN')
    assert.throws(() => converter.toConnectData('t', Buffer.from([0x22, 0xff, 0x22])), /not UTF-8/)
    assert.throws(() => read(converterWith(SCHEMALESS), '1 2'), /Unexpected character/)
  })

  void it('reads whole numbers without a schema as such, however they are written', () => {
    const converter = converterWith(SCHEMALESS)
    assert.equal(read(converter, '1.0').value, 1)
    assert.equal(read(converter, '1e3').value, 1000)
    assert.ok(Object.is(read(converter, '-0.0').value, -0), 'the JVM loses the sign here')
  })

  void it('says where in a document a value does not fit', () => {
    const schema =
      '{"type":"struct","fields":[{"field":"list","type":"array","items":{"type":"int32"}}]}'
    const document = `{"schema":${schema},"payload":{"list":[1,"x"]}}`
    assert.throws(() => read(converterWith({}), document), {
      message: 'Expected int32, found STRING (at list[1])'
    })
  })

  void it('gives back what it wrote, with one schema object for all records of a schema', () => {
    const converter = converterWith({})
    const schema = Schema.struct([
      { name: 'id', schema: Schema.INT64 },
      { name: 'amount', schema: decimalSchema(2) }
    ])
    const document = write(converter, schema, new Struct(schema, [2n ** 60n, new Decimal(-5n, 2)]))
    const first = read(converter, document)
    const second = read(converter, document)
    assert.equal(first.schema, second.schema)
    assert.deepEqual((first.value as Struct).values, [2n ** 60n, new Decimal(-5n, 2)])
  })

  void it('keeps no more schemas than schemas.cache.size', () => {
    const converter = converterWith({ 'schemas.cache.size': '1' })
    const one = '{"schema":{"type":"int32"},"payload":1}'
    const other = '{"schema":{"type":"int64"},"payload":1}'
    const first = read(converter, one).schema
    assert.equal(read(converter, one).schema, first)
    read(converter, other)
    assert.notEqual(read(converter, one).schema, first)
  })

  void it('refuses a configuration that makes no sense', () => {
    assert.throws(() => converterWith({ 'decimal.format': 'ROMAN' }), /NUMERIC, BASE64/)
    assert.throws(() => converterWith({ 'schema.content': '{' }), /Failed to parse schema/)
  })
})
