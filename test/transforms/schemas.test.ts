import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { timestampSchema } from '../../src/data/logical-types.ts'
import type { ConnectRecord, SourceRecord } from '../../src/data/record.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import { Plugins } from '../../src/plugin/plugins.ts'
import { Pipeline, SourcePassage } from '../../src/tasks/pipeline/stages.ts'
import { transformations } from '../../src/tasks/pipeline/transformations.ts'
import { recordOf } from './transform-case.ts'

/** What the worker counts on beyond single results. */

const plugins = new Plugins(builtinPlugins())
/** What the transformations of a configuration make of a record; null: they drop it. */
const chain = (config: Record<string, string>): ((record: SourceRecord) => SourceRecord | null) => {
  const { stages } = transformations(new Map(Object.entries(config)), plugins)
  const pipeline = new Pipeline<SourcePassage>(stages, (error) => {
    throw error
  })
  return (record) => {
    const passage = pipeline.run(new SourcePassage(record))
    assert.ok(!(passage instanceof Promise), 'transformed at once')
    return passage.endedIn === null ? passage.record : null
  }
}
const fromTable = (record: ConnectRecord): SourceRecord => ({
  ...record,
  sourcePartition: { table: 'orders' },
  sourceOffset: { id: 7 }
})

const row = (): Schema =>
  Schema.struct([
    { name: 'id', schema: Schema.INT32 },
    { name: 'at', schema: timestampSchema() },
    { name: 'home', schema: Schema.struct([{ name: 'city', schema: Schema.STRING }]) }
  ])
const rowOf = (schema: Schema, id: number): ConnectRecord => {
  const city = schema.field('home')?.schema as Schema
  const value = new Struct(schema, [id, 1_714_566_896_007, new Struct(city, ['Rome'])])
  return recordOf({ valueSchema: schema, value })
}

/** Every class that makes a schema, and a configuration with which it does. */
const makers: Readonly<Record<string, Record<string, string>>> = {
  Cast$Value: { spec: 'id:string' },
  ExtractField$Value: { field: 'home' },
  Flatten$Value: {},
  HeaderFrom$Value: { fields: 'id', headers: 'id', operation: 'move' },
  HoistField$Value: { field: 'row' },
  InsertField$Value: { 'topic.field': 'topic' },
  ReplaceField$Value: { exclude: 'id' },
  SetSchemaMetadata$Value: { 'schema.name': 'Row' },
  TimestampConverter$Value: { field: 'at', 'target.type': 'unix' },
  ValueToKey: { fields: 'id' }
}

describe('The schemas transformations make', () => {
  for (const [name, config] of Object.entries(makers)) {
    it(`are one object per schema given: ${name}`, () => {
      const plugin = plugins.find('transformation', `org.apache.kafka.connect.transforms.${name}`)
      assert.ok(plugin)
      const transformation = plugin.create(new Map(Object.entries(config)))
      const schemaOf = (record: ConnectRecord): Schema | null | undefined => {
        const result = transformation.apply(record)
        return name === 'ValueToKey' ? result?.keySchema : result?.valueSchema
      }
      const [schema, twin] = [row(), row()]
      const first = schemaOf(rowOf(schema, 1))
      assert.ok(first instanceof Schema)
      assert.equal(schemaOf(rowOf(schema, 2)), first)
      assert.ok(schemaOf(rowOf(twin, 3)) instanceof Schema)
      assert.equal(schemaOf(rowOf(schema, 4)), first)
    })
  }
})

describe('A chain of transformations', () => {
  it('keeps the place of a source record in its stream', () => {
    const transform = chain({
      transforms: 'key,id,route',
      'transforms.key.type': 'ValueToKey',
      'transforms.key.fields': 'id',
      'transforms.id.type': 'ExtractField$Key',
      'transforms.id.field': 'id',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '(.*)',
      'transforms.route.replacement': 'db-$1'
    })
    const given = fromTable(rowOf(row(), 7))
    const record = transform(given)
    assert.equal(record?.sourcePartition, given.sourcePartition)
    assert.equal(record?.sourceOffset, given.sourceOffset)
    assert.equal(record?.topic, 'db-orders')
    assert.equal(record?.key, 7)
    assert.equal(record?.keySchema, Schema.INT32)
  })

  it('drops records by predicate', () => {
    const transform = chain({
      transforms: 'drop',
      'transforms.drop.type': 'Filter',
      'transforms.drop.predicate': 'orders',
      'transforms.drop.negate': 'true',
      predicates: 'orders',
      'predicates.orders.type': 'TopicNameMatches',
      'predicates.orders.pattern': 'orders|deliveries'
    })
    assert.equal(transform(fromTable(recordOf({ topic: 'other' }))), null)
    const kept = fromTable(recordOf({ topic: 'deliveries' }))
    assert.equal(transform(kept), kept)
  })

  it('fails a record that names a zone we might misread, and a pattern Java does not have', () => {
    const convert = (format: string): ReturnType<typeof chain> =>
      chain({
        transforms: 'at',
        'transforms.at.type': 'TimestampConverter$Value',
        'transforms.at.target.type': 'Timestamp',
        'transforms.at.format': format
      })
    const text = fromTable(recordOf({ valueSchema: Schema.STRING, value: '2024-05-01 12:00 EST' }))
    assert.throws(() => convert('yyyy-MM-dd HH:mm z')(text), {
      code: 'DATA_INVALID',
      message:
        'Could not parse timestamp: value (2024-05-01 12:00 EST) does not match pattern (yyyy-MM-dd HH:mm z)'
    })
    assert.throws(() => convert('yyyy-MM-ddTHH'), {
      code: 'CONFIG_INVALID',
      message: /Illegal pattern character 'T'/
    })
  })
})
