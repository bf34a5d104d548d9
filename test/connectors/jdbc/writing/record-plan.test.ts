import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jdbcSinkConfig } from '../../../../src/connectors/jdbc/settings/sink-config.ts'
import { sinkSettings } from '../../../../src/connectors/jdbc/settings/sink-settings.ts'
import { type RecordPlan, recordPlan } from '../../../../src/connectors/jdbc/writing/record-plan.ts'
import { unwrapped } from '../../../../src/connectors/jdbc/writing/unwrapped-record.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema } from '../../../../src/data/schema.ts'
import { sinkRecord, struct } from '../../../support/jdbc-sink.ts'

const KEY = Schema.struct([
  { name: 'k1', schema: Schema.INT32 },
  { name: 'k2', schema: Schema.STRING }
])
const VALUE = Schema.struct([
  { name: 'b', schema: Schema.STRING },
  { name: 'a', schema: Schema.INT64 },
  { name: 'k1', schema: Schema.INT32 }
])

function planOf(
  config: Readonly<Record<string, string>>,
  record: Partial<SinkRecord> = {}
): RecordPlan {
  const given = new Map(Object.entries({ 'connection.url': 'jdbc:postgresql://h/d', ...config }))
  const { records } = sinkSettings(given, jdbcSinkConfig)
  const whole = {
    ...sinkRecord({
      keySchema: KEY,
      key: struct(KEY, { k1: 1, k2: 'x' }),
      valueSchema: VALUE,
      value: struct(VALUE, { b: 'b', a: 1, k1: 1 })
    }),
    ...record
  }
  const what = unwrapped(whole, true)
  assert.ok(what)
  return recordPlan('orders', what, records)
}

const names = (columns: readonly { readonly name: string }[]): string =>
  columns.map(({ name }) => name).join()

describe('What is written of a record', () => {
  it('is its key by pk.mode and pk.fields, and the fields of its value, in Confluent’s order', () => {
    const cases: [Record<string, string>, string, string, string][] = [
      [{}, '', 'b,a,k1', 'b,a,k1'],
      [
        { 'pk.mode': 'kafka' },
        '__connect_topic,__connect_partition,__connect_offset',
        'b,a,k1',
        '__connect_topic,__connect_partition,__connect_offset,b,a,k1'
      ],
      [{ 'pk.mode': 'kafka', 'pk.fields': 't,p,o' }, 't,p,o', 'b,a,k1', 'b,a,k1,o,p,t'],
      [{ 'pk.mode': 'record_key' }, 'k1,k2', 'b,a', 'b,a,k1,k2'],
      [{ 'pk.mode': 'record_key', 'pk.fields': 'k2' }, 'k2', 'b,a,k1', 'b,a,k1,k2'],
      [{ 'pk.mode': 'record_value', 'pk.fields': 'k1' }, 'k1', 'b,a', 'b,a,k1'],
      [{ 'pk.mode': 'record_value' }, 'b,a,k1', '', 'b,a,k1'],
      [
        { 'pk.mode': 'record_key', 'fields.whitelist': 'a', 'column.names.case': 'upper' },
        'K1,K2',
        'A',
        'A,K1,K2'
      ]
    ]
    for (const [config, keys, others, inOrder] of cases) {
      const plan = planOf(config)
      assert.deepEqual(
        [names(plan.keys), names(plan.others), names(plan.inOrder)],
        [keys, others, inOrder],
        JSON.stringify(config)
      )
    }
  })

  it('is refused in Confluent’s words when its schemas lack what the settings want', () => {
    const simple = { keySchema: Schema.INT32, key: 1 }
    const cases: [Record<string, string>, Partial<SinkRecord>, string][] = [
      [
        { 'insert.mode': 'upsert' },
        {},
        "Write to table 'orders' in UPSERT mode requires key field names to be known, check the primary key configuration"
      ],
      [
        { 'pk.mode': 'record_key', 'pk.fields': 'k1,no' },
        {},
        "PK mode for table 'orders' is RECORD_KEY with configured PK fields [k1, no], but record key schema does not contain field: no"
      ],
      [
        { 'pk.mode': 'record_value', 'pk.fields': 'no' },
        {},
        "PK mode for table 'orders' is RECORD_VALUE with configured PK fields [no], but record value schema does not contain field: no"
      ],
      [
        { 'pk.mode': 'record_key' },
        simple,
        'Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: []'
      ],
      [
        { 'pk.mode': 'record_key' },
        { keySchema: null, key: null },
        "PK mode for table 'orders' is RECORD_KEY, but record key schema is missing"
      ],
      [
        { 'fields.whitelist': 'no' },
        {},
        'No fields found using key and value schemas for table: orders'
      ]
    ]
    for (const [config, record, message] of cases) {
      assert.throws(() => planOf(config, record), { message })
    }
  })
})
