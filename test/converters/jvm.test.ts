import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { ConfigDef } from '../../src/config/config-def.ts'
import { keyInfos } from '../../src/config/config-infos.ts'
import { fileStreamSourcePlugin } from '../../src/connectors/file-stream/file-stream-source-connector.ts'
import { booleanConverterPlugin } from '../../src/converters/plain/boolean.ts'
import { byteArrayConverterPlugin } from '../../src/converters/plain/byte-array.ts'
import { jsonConverterPlugin } from '../../src/converters/json/json-converter.ts'
import {
  doubleConverterPlugin,
  floatConverterPlugin,
  integerConverterPlugin,
  longConverterPlugin,
  shortConverterPlugin
} from '../../src/converters/plain/numbers.ts'
import { simpleHeaderConverterPlugin } from '../../src/converters/plain/simple-header.ts'
import { stringConverterPlugin } from '../../src/converters/plain/string.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import { DataError } from '../../src/errors.ts'
import type { ConverterPlugin, SchemaAndValue } from '../../src/plugin/converter.ts'
import { differOnlyInDigits } from '../support/java-digits.ts'
import {
  type Answer,
  askJvm,
  describeSchema,
  describeValue,
  type Question
} from '../support/converter-oracle.ts'

/** Kafka's small converters and ours, side by side; one JVM answers all questions of this file. */

const plugins = [
  stringConverterPlugin,
  byteArrayConverterPlugin,
  booleanConverterPlugin,
  shortConverterPlugin,
  integerConverterPlugin,
  longConverterPlugin,
  floatConverterPlugin,
  doubleConverterPlugin
]
const configured = [
  ...plugins,
  jsonConverterPlugin,
  simpleHeaderConverterPlugin,
  fileStreamSourcePlugin
]

const address = Schema.struct([
  { name: 'street', schema: Schema.STRING },
  { name: 'zip', schema: Schema.OPTIONAL_INT32 },
  { name: 'rate', schema: Schema.FLOAT32 },
  { name: 'notes', schema: Schema.array(Schema.OPTIONAL_STRING) },
  { name: 'limits', schema: Schema.map(Schema.STRING, Schema.FLOAT64) },
  { name: 'price', schema: decimalSchema(2) },
  { name: 'since', schema: timestampSchema() }
])
const someAddress = new Struct(address, [
  'Main "St" \\ 1',
  null,
  Math.fround(0.1),
  ['a', null, 'b,c'],
  new Map([['k', 1e10]]),
  new Decimal(1250n, 2),
  1_709_164_800_123
])

type Pair = [schema: Schema | null, value: unknown]

const values: Pair[] = [
  [Schema.STRING, 'text äöü 😀'],
  [Schema.OPTIONAL_STRING, null],
  [null, null],
  [null, 'schemaless'],
  [null, 12],
  [null, 1.5],
  [null, ['a', 1, null, [true]]],
  [null, new Map<unknown, unknown>([['k', 'v']])],
  [Schema.BOOLEAN, true],
  [Schema.BOOLEAN, false],
  [Schema.INT8, -128],
  [Schema.INT16, -32768],
  [Schema.INT16, 258],
  [Schema.INT32, 2147483647],
  [Schema.INT32, -2],
  [Schema.INT64, 1_709_164_800_123],
  [Schema.INT64, -9_223_372_036_854_775_808n],
  [Schema.FLOAT32, Math.fround(0.1)],
  [Schema.FLOAT32, Number.NEGATIVE_INFINITY],
  [Schema.FLOAT64, 1e10],
  [Schema.FLOAT64, 1e-5],
  [Schema.FLOAT64, -0],
  [Schema.FLOAT64, Number.NaN],
  [decimalSchema(2), new Decimal(-12345n, 2)],
  [decimalSchema(10), new Decimal(1n, 10)],
  [decimalSchema(-3), new Decimal(42n, -3)],
  [dateSchema(), 19_782],
  [timestampSchema(), 1_709_164_800_123],
  [timestampSchema(), 1_709_164_800_000],
  [timeSchema(), 3_723_004],
  [address, someAddress],
  [Schema.array(Schema.FLOAT32), [1, Math.fround(2.5)]],
  [Schema.map(Schema.INT32, Schema.STRING), new Map([[1, 'a"b\\']])]
]
const forBytes: Pair[] = [
  [Schema.BYTES, Buffer.from([0, 1, 255])],
  [null, Buffer.from('abc')]
]

const headerTexts = [
  '',
  ' ',
  'null',
  ' null ',
  'true',
  'false',
  'true}',
  'True',
  'text',
  'two words, and more: "quoted" [x]',
  '0',
  '-0',
  '+7',
  '127',
  '128',
  '-32769',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '12345678901234567890123',
  '1.0',
  '1.5',
  '0.1',
  '3.14159265358979',
  '1e3',
  '1e40',
  '1.5e300',
  '1e400',
  '1.5e400',
  '-.5',
  '5.',
  '0x10',
  '1_000',
  '12abc',
  '-',
  '2024-02-29',
  '2024-02-31',
  '2024-2-29 ',
  '12:34:56.789Z',
  '12\\:34\\:56.789Z',
  '2024-02-29T12:34:56.789Z',
  '2024-02-29 12:34:56.789Z',
  '2024-02-29T12:34:56Z',
  '1234567890',
  '[]',
  '[1,2,3]',
  '[1, 2.5, 300]',
  '[1, 1e40]',
  '["a","b"]',
  '[ "a" , "b c" ]',
  '["a",1]',
  '[1,null]',
  '[null]',
  '[null, null]',
  '[true,false]',
  '[a,b]',
  '[1,2',
  '[1,,2]',
  '[,1]',
  '[1 2]',
  '[[1],[2,3]]',
  '["2024-02-29","2024-03-01"]',
  '["with \\"quotes\\" inside"]',
  '{}',
  '{"a":1}',
  '{"a":1,"b":2.5}',
  '{"a":1 "b":2}',
  '{"a":"x","b":1}',
  '{"a":null}',
  '{"a":1,"b":null}',
  '{1:2,300:4}',
  '{a:1}',
  '{"a"}',
  '{"a":1',
  '{null:1}',
  '{"k":[1,2],"l":[3]}',
  '[9223372036854775808]',
  '[1,9223372036854775808]',
  '日本語',
  '"quoted"'
]

const readable: [ConverterPlugin, number[] | null][] = plugins.flatMap((plugin) =>
  [
    null,
    [],
    [0],
    [1],
    [2],
    [0, 1],
    [255, 254],
    [1, 2, 3, 4],
    [0xc0, 0x48, 0xf5, 0xc3],
    [0, 0, 0, 0, 0, 0, 1, 0],
    [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [1, 2, 3]
  ].map((bytes): [ConverterPlugin, number[] | null] => [plugin, bytes])
)

/** Doubles and floats of every size, always the same ones. */
function manyNumbers(): Pair[] {
  let state = 42
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0)
  const view = new DataView(new ArrayBuffer(8))
  const numbers: Pair[] = []
  while (numbers.length < 3000) {
    view.setUint32(0, next())
    view.setUint32(4, next())
    const shapes = [
      view.getFloat64(0),
      next() / 1000,
      2 ** (((next() >>> 16) % 2000) - 1000),
      next() * next()
    ]
    const double = shapes[(next() >>> 20) % 4] as number
    const single = Math.fround(numbers.length % 2 === 0 ? view.getFloat32(0) : double)
    if (Number.isFinite(double)) numbers.push([Schema.FLOAT64, double])
    if (Number.isFinite(single)) numbers.push([Schema.FLOAT32, single])
  }
  return numbers
}

function valuesFor(plugin: ConverterPlugin): Pair[] {
  const own = plugin.className.slice(plugin.className.lastIndexOf('.') + 1)
  if (own === 'StringConverter') return [...values, ...manyNumbers()]
  // Numbers without schema and moments have Java classes of their own there, which the number converters
  // refuse.
  const comparable = values.filter(
    ([schema, value]) => typeof value !== 'number' || (schema !== null && schema.name === undefined)
  )
  return [...comparable, ...forBytes]
}

const written = plugins.flatMap((plugin) => valuesFor(plugin).map((pair) => ({ plugin, pair })))
const headers = [...values, ...forBytes]
const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64')

/** What ours does, in the words of the oracle; `error` as in its answers. */
function attempt(run: () => Uint8Array | null): Answer {
  try {
    return { bytes: base64(run()) }
  } catch (error) {
    assert.ok(error instanceof DataError, String(error))
    return { error: error.message }
  }
}

function attemptRead(run: () => SchemaAndValue): Answer {
  try {
    const { schema, value } = run()
    return { schema: describeSchema(schema, true), value: describeValue(schema, value, true) }
  } catch (error) {
    assert.ok(error instanceof DataError, String(error))
    return { error: error.message }
  }
}

/** The same answer; of errors only that there is one, for their texts name Java classes. */
function assertSame(ours: Answer, jvm: Answer, what: string): void {
  if (jvm.error === undefined) assert.deepEqual(ours, jvm, what)
  else
    assert.ok(
      ours.error !== undefined,
      `${what}: the JVM says ${jvm.error}, ours ${JSON.stringify(ours)}`
    )
}

/** Whether the bytes are texts of one float or double, of which an older Java prints more digits. */
function areOlderDigits([schema]: Pair, ours: Answer, jvm: Answer): boolean {
  if (schema?.type.startsWith('float') !== true) return false
  const [own, other] = [ours, jvm].map(({ bytes }) =>
    Buffer.from(String(bytes), 'base64').toString()
  )
  return own !== other && differOnlyInDigits(schema, own as string, other as string)
}

const shown = ([schema, value]: Pair): string =>
  `${schema?.name ?? schema?.type ?? 'no schema'} ${JSON.stringify(describeValue(schema, value))}`

function keysOf(config: ConfigDef): unknown {
  return keyInfos(config).map((key) => ({
    name: key.name,
    type: key.type.toLowerCase(),
    required: key.required,
    default: key.default_value,
    importance: key.importance.toLowerCase(),
    group: key.group,
    order: key.order_in_group,
    width: key.width.toLowerCase(),
    displayName: key.display_name
  }))
}

void describe('Converters and their models in the JVM', () => {
  const answers = new Map<string, Answer[]>()

  before(async () => {
    const groups: Record<string, Question[]> = {
      config: configured.map(({ className }) => ({ op: 'config', class: className })),
      write: written.map(({ plugin, pair: [schema, value] }) => ({
        op: 'write',
        class: plugin.className,
        schema: describeSchema(schema),
        value: describeValue(schema, value)
      })),
      read: readable.map(([plugin, bytes]) => ({
        op: 'read',
        class: plugin.className,
        bytes: bytes === null ? null : base64(Buffer.from(bytes))
      })),
      writeHeader: headers.map(([schema, value]) => ({
        op: 'writeHeader',
        class: simpleHeaderConverterPlugin.className,
        schema: describeSchema(schema),
        value: describeValue(schema, value)
      })),
      readHeader: headerTexts.map((text) => ({
        op: 'readHeader',
        class: simpleHeaderConverterPlugin.className,
        bytes: base64(Buffer.from(text))
      }))
    }
    const all = await askJvm(Object.values(groups).flat())
    let taken = 0
    for (const [name, questions] of Object.entries(groups)) {
      answers.set(name, all.slice(taken, taken + questions.length))
      taken += questions.length
    }
  })

  const answer = (group: string, index: number): Answer => answers.get(group)?.[index] as Answer

  void it('have the same configuration keys', () => {
    for (const [i, plugin] of configured.entries()) {
      assert.deepEqual(keysOf(plugin.config), answer('config', i).keys, plugin.className)
    }
  })

  void it(`write the same bytes (${written.length} values)`, () => {
    let older = 0
    for (const [i, { plugin, pair }] of written.entries()) {
      const converter = plugin.create(new Map(), 'value')
      const ours = attempt(() => converter.fromConnectData('t', ...pair) as Uint8Array | null)
      const jvm = answer('write', i)
      if (plugin === stringConverterPlugin && areOlderDigits(pair, ours, jvm)) older++
      else assertSame(ours, jvm, `${plugin.className} ${shown(pair)}`)
    }
    assert.ok(older < written.length / 5, `${older} numbers have other digits there`)
  })

  void it(`read the same values (${readable.length} byte sequences)`, () => {
    for (const [i, [plugin, bytes]] of readable.entries()) {
      const converter = plugin.create(new Map(), 'key')
      const ours = attemptRead(
        () =>
          converter.toConnectData('t', bytes === null ? null : Buffer.from(bytes)) as SchemaAndValue
      )
      if (plugin === stringConverterPlugin && ours.error !== undefined) continue
      assertSame(ours, answer('read', i), `${plugin.className} [${bytes}]`)
    }
  })

  void it(`write the same header literals (${headers.length} values)`, () => {
    const converter = simpleHeaderConverterPlugin.create(new Map())
    for (const [i, pair] of headers.entries()) {
      const ours = attempt(() => converter.fromConnectHeader('t', 'h', ...pair))
      assertSame(ours, answer('writeHeader', i), shown(pair))
    }
  })

  void it(`read the same header literals (${headerTexts.length} texts)`, () => {
    const converter = simpleHeaderConverterPlugin.create(new Map())
    for (const [i, text] of headerTexts.entries()) {
      const ours = attemptRead(() => converter.toConnectHeader('t', 'h', Buffer.from(text)))
      assertSame(ours, answer('readHeader', i), text)
    }
  })
})
