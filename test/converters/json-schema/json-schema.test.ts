import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { JsonDecoders } from '../../../src/converters/json/json-decoder.ts'
import { JsonEncoders } from '../../../src/converters/json/json-encoder.ts'
import { parseJson } from '../../../src/data/json-node.ts'
import { isJsonUnion } from '../../../src/converters/json-schema/json-schema-names.ts'
import { JsonSchemaReader } from '../../../src/converters/json-schema/json-schema-reader.ts'
import { jsonSchemaText } from '../../../src/converters/json-schema/json-schema-writer.ts'
import { dateSchema, Decimal, decimalSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { sameSchema } from '../../../src/data/schema-equality.ts'

const options = {
  decimals: 'BASE64',
  replaceNullWithDefault: true,
  mapEntries: 'objects',
  isUnion: isJsonUnion
} as const
const encoders = new JsonEncoders(options)
const decoders = new JsonDecoders(options)

/** Without `$schema`, which stands where there are no properties. */
function written(schema: Schema, additionalProperties = true): unknown {
  const text = jsonSchemaText(schema, { additionalProperties, encoders })
  const { $schema, ...members } = JSON.parse(text) as Record<string, unknown>
  assert.equal($schema !== undefined, !('properties' in members))
  return members
}

function read(
  schema: unknown,
  {
    generalizedSumTypes = false,
    optionalForNonRequired = false,
    referenced = {} as Record<string, unknown>
  } = {}
): Schema {
  const document = (node: unknown) => parseJson(JSON.stringify(node)) ?? null
  const documents = new Map(
    Object.entries(referenced).map(([name, node]) => [name, document(node)])
  )
  const reading = { generalizedSumTypes, optionalForNonRequired, decoders }
  const found = new JsonSchemaReader(document(schema), documents, reading).read()
  assert.ok(found !== null)
  return found
}

const shape = (schema: Schema | undefined): unknown => [
  schema?.type,
  schema?.optional,
  schema?.name,
  schema?.fields.map(({ name, schema: part }) => [name, part.type, part.optional])
]

describe('the JSON Schema of a Connect type', () => {
  const cases: [string, Schema, unknown][] = [
    ['int8', Schema.INT8, { type: 'integer', 'connect.type': 'int8' }],
    ['int64', Schema.INT64, { type: 'integer', 'connect.type': 'int64' }],
    ['float32', Schema.FLOAT32, { type: 'number', 'connect.type': 'float32' }],
    ['boolean', Schema.BOOLEAN, { type: 'boolean' }],
    ['bytes', Schema.BYTES, { type: 'string', 'connect.type': 'bytes' }],
    ['optional', Schema.OPTIONAL_STRING, { oneOf: [{ type: 'null' }, { type: 'string' }] }],
    [
      'name, version, documentation, default and parameters',
      new Schema('int32', {
        name: 'n',
        version: 2,
        doc: 'd',
        defaultValue: 7,
        parameters: new Map([['p', 'q']])
      }),
      {
        type: 'integer',
        title: 'n',
        description: 'd',
        default: 7,
        'connect.type': 'int32',
        'connect.version': 2,
        'connect.parameters': { p: 'q' }
      }
    ],
    [
      'date',
      dateSchema(),
      {
        type: 'integer',
        title: 'org.apache.kafka.connect.data.Date',
        'connect.type': 'int32',
        'connect.version': 1
      }
    ],
    [
      'optional decimal with a default',
      decimalSchema(2, { optional: true, defaultValue: new Decimal(-1234n, 2) }),
      {
        oneOf: [
          { type: 'null' },
          {
            type: 'number',
            title: 'org.apache.kafka.connect.data.Decimal',
            default: '+y4=',
            'connect.type': 'bytes',
            'connect.version': 1,
            'connect.parameters': { scale: '2' }
          }
        ]
      }
    ],
    [
      'array',
      Schema.array(Schema.OPTIONAL_INT32),
      {
        type: 'array',
        items: { oneOf: [{ type: 'null' }, { type: 'integer', 'connect.type': 'int32' }] }
      }
    ],
    [
      'map with string keys',
      Schema.map(Schema.STRING, Schema.BOOLEAN),
      { type: 'object', 'connect.type': 'map', additionalProperties: { type: 'boolean' } }
    ],
    [
      'map with other keys',
      Schema.map(Schema.OPTIONAL_STRING, Schema.BOOLEAN),
      {
        type: 'array',
        'connect.type': 'map',
        items: {
          type: 'object',
          properties: {
            key: { 'connect.index': 0, oneOf: [{ type: 'null' }, { type: 'string' }] },
            value: { 'connect.index': 1, type: 'boolean' }
          }
        }
      }
    ],
    [
      'struct',
      Schema.struct([
        { name: 'z', schema: Schema.STRING },
        { name: 'a', schema: Schema.struct([], { name: 'inner', optional: true }) }
      ]),
      {
        type: 'object',
        properties: {
          z: { type: 'string', 'connect.index': 0 },
          a: {
            'connect.index': 1,
            oneOf: [{ type: 'null' }, { type: 'object', title: 'inner' }]
          }
        }
      }
    ],
    [
      'enum',
      new Schema('string', {
        parameters: new Map([
          ['io.confluent.connect.json.Enum', ''],
          ['io.confluent.connect.json.Enum.RED', 'RED'],
          ['io.confluent.connect.json.Enum.BLUE', 'BLUE']
        ])
      }),
      { enum: ['RED', 'BLUE'] }
    ],
    [
      'union',
      Schema.struct(
        [
          { name: 'io.confluent.connect.json.OneOf.field.0', schema: Schema.OPTIONAL_INT8 },
          { name: 'io.confluent.connect.json.OneOf.field.1', schema: Schema.OPTIONAL_STRING }
        ],
        { name: 'io.confluent.connect.json.OneOf', optional: true }
      ),
      {
        oneOf: [
          { type: 'null' },
          { type: 'integer', 'connect.type': 'int8', 'connect.index': 0 },
          { type: 'string', 'connect.index': 1 }
        ]
      }
    ]
  ]
  for (const [name, schema, expected] of cases) {
    it(`${name}: to JSON Schema and back`, () => {
      assert.deepEqual(written(schema), expected)
      const back = read(expected)
      assert.ok(sameSchema(back, schema), inspect(back))
    })
  }

  it('object.additional.properties=false is said of each object', () => {
    const schema = Schema.struct([{ name: 'a', schema: Schema.struct([]) }])
    assert.deepEqual(written(schema, false), {
      type: 'object',
      additionalProperties: false,
      properties: { a: { type: 'object', additionalProperties: false, 'connect.index': 0 } }
    })
  })

  it('I5: a default beyond 2^53 keeps its digits in both directions', () => {
    const schema = new Schema('int64', { defaultValue: 2n ** 63n - 1n })
    const text = jsonSchemaText(schema, { additionalProperties: true, encoders })
    assert.match(text, /"default":9223372036854775807/)
    const root = parseJson(text) ?? null
    const reading = { generalizedSumTypes: false, optionalForNonRequired: false, decoders }
    const back = new JsonSchemaReader(root, new Map(), reading).read()
    assert.equal(back?.defaultValue, 2n ** 63n - 1n)
  })
})

describe('JSON Schemas others wrote', () => {
  it('types without marks of Connect are int64, float64 and string', () => {
    const schema = read({
      title: 'T',
      properties: { i: { type: 'integer' }, n: { type: 'number' }, s: { minLength: 1 } }
    })
    assert.deepEqual(shape(schema), [
      'struct',
      false,
      'T',
      [
        ['i', 'int64', false],
        ['n', 'float64', false],
        ['s', 'string', false]
      ]
    ])
  })

  it('use.optional.for.nonrequired: properties that are not listed as required are optional', () => {
    const document = {
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'string' }, b: { type: 'string' } }
    }
    const optional = (schema: Schema): boolean[] => schema.fields.map((f) => f.schema.optional)
    assert.deepEqual(optional(read(document)), [false, false])
    assert.deepEqual(optional(read(document, { optionalForNonRequired: true })), [false, true])
  })

  it('a list of types, anyOf and oneOf: optional types and unions', () => {
    const schema = read({
      type: 'object',
      properties: {
        a: { type: ['string', 'null'] },
        b: { anyOf: [{ type: 'null' }, { type: 'boolean' }] },
        c: { oneOf: [{ type: 'string' }] },
        d: { type: ['integer', 'string', 'null'] }
      }
    })
    assert.deepEqual(shape(schema), [
      'struct',
      false,
      undefined,
      [
        ['a', 'string', true],
        ['b', 'boolean', true],
        ['c', 'string', false],
        ['d', 'struct', true]
      ]
    ])
    assert.equal(schema.field('d')?.schema.name, 'io.confluent.connect.json.OneOf')
  })

  it('generalized.sum.type.support: enums and unions by the parameters all formats share', () => {
    const schema = read(
      {
        type: 'object',
        properties: {
          e: { enum: ['A', null] },
          u: { oneOf: [{ type: 'string' }, { type: 'boolean' }] }
        }
      },
      { generalizedSumTypes: true }
    )
    const [e, u] = schema.fields.map((field) => field.schema)
    assert.deepEqual(
      [...(e?.parameters ?? [])],
      [
        ['org.apache.kafka.connect.data.Enum', ''],
        ['org.apache.kafka.connect.data.Enum.A', '0'],
        ['org.apache.kafka.connect.data.Enum.<NULL>', '1']
      ]
    )
    assert.equal(u?.name, 'connect_union_0')
    assert.deepEqual(
      u?.fields.map(({ name }) => name),
      ['connect_union_field_0', 'connect_union_field_1']
    )
    assert.deepEqual(written(schema), {
      type: 'object',
      properties: {
        e: {
          enum: ['A', null],
          'connect.index': 0,
          'connect.parameters': Object.fromEntries(e?.parameters ?? [])
        },
        u: {
          'connect.index': 1,
          oneOf: [
            { type: 'string', 'connect.index': 0 },
            { type: 'boolean', 'connect.index': 1 }
          ]
        }
      }
    })
  })

  it('references: into the document, by $id, and to other documents with references of their own', () => {
    const schema = read(
      {
        type: 'object',
        properties: {
          a: { $ref: '#/definitions/text~1s' },
          b: { $ref: '#money' },
          c: { $ref: 'address.json' },
          d: { $ref: 'address.json#/definitions/zip' }
        },
        definitions: {
          'text/s': { type: 'string' },
          m: { $id: '#money', type: 'number' }
        }
      },
      {
        referenced: {
          'address.json': {
            type: 'object',
            title: 'Address',
            properties: { zip: { $ref: '#/definitions/zip' } },
            definitions: { zip: { type: 'integer', 'connect.type': 'int32' } }
          }
        }
      }
    )
    assert.deepEqual(
      schema.fields.map((field) => field.schema.type),
      ['string', 'float64', 'struct', 'int32']
    )
    assert.equal(schema.field('c')?.schema.field('zip')?.schema.type, 'int32')
    assert.throws(() => read({ $ref: '#/definitions/none' }), /has no #\/definitions\/none/)
    assert.throws(() => read({ $ref: 'else.json' }), /refers to else.json/)
  })

  it('allOf: objects become one, simple types the type they name', () => {
    const schema = read({
      allOf: [
        { type: 'object', properties: { a: { type: 'string' } } },
        { $ref: '#/definitions/more' }
      ],
      definitions: {
        more: {
          type: 'object',
          properties: {
            b: { allOf: [{ type: 'string' }, { enum: ['x'] }] },
            c: { type: 'integer', enum: [1, 2] },
            d: { type: 'string', enum: ['y'], title: 'Y' },
            e: { const: true }
          }
        }
      }
    })
    assert.deepEqual(
      schema.fields.map(({ name, schema: part }) => [name, part.type]),
      [
        ['a', 'string'],
        ['b', 'string'],
        ['c', 'int64'],
        ['d', 'string'],
        ['e', 'boolean']
      ]
    )
    assert.equal(schema.field('d')?.schema.name, 'Y')
    assert.ok(schema.field('b')?.schema.parameters?.has('io.confluent.connect.json.Enum.x'))
  })

  it('what Connect cannot hold is an error that says what', () => {
    const bad: [unknown, RegExp][] = [
      [{ type: 'object', properties: { me: { $ref: '#' } } }, /contains itself/],
      [{ type: 'array' }, /did not specify the items type/],
      [{ type: 'object', properties: { x: {} } }, /type is not supported/],
      [{ type: 'object', properties: { x: true } }, /says nothing about its type/],
      [{ type: 'null' }, /not supported: null/],
      [
        { type: 'number', 'connect.type': 'bytes', title: 'org.apache.kafka.connect.data.Decimal' },
        /scale parameter not found/
      ],
      [{ type: 'integer', default: 'x' }, /Expected int64/]
    ]
    for (const [document, text] of bad) assert.throws(() => read(document), text)
  })
})
