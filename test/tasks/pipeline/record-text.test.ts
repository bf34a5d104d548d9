import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampSchema } from '../../../src/data/logical-types.ts'
import type { SourceRecord } from '../../../src/data/record.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { describeRecord, recordText } from '../../../src/tasks/pipeline/record-text.ts'

const key = Schema.struct([
  { name: 'shop', schema: Schema.INT32 },
  { name: 'id', schema: Schema.INT64 }
])
const row = Schema.struct(
  [
    { name: 'id', schema: Schema.INT64 },
    { name: 'note', schema: Schema.OPTIONAL_STRING },
    { name: 'at', schema: timestampSchema() }
  ],
  { name: 'orders' }
)
const record: SourceRecord = {
  topic: 'shop-orders',
  kafkaPartition: null,
  keySchema: key,
  key: new Struct(key, [1, 9_007_199_254_740_993n]),
  valueSchema: row,
  value: new Struct(row, [7, 'a secret note', 0]),
  timestamp: null,
  headers: [],
  sourcePartition: { table: 'orders' },
  sourceOffset: { incrementing: 9_007_199_254_740_993n }
}

describe('a record in messages', () => {
  it('is named by its key and place, and its value is not shown', () => {
    assert.equal(
      describeRecord(record),
      'key {"shop":1,"id":9007199254740993}, topic shop-orders, source partition {"table":"orders"}, source offset {"incrementing":"9007199254740993"}'
    )
    const without = { ...record, key: null, keySchema: null, sourceOffset: null }
    assert.equal(
      describeRecord(without),
      'topic shop-orders, source partition {"table":"orders"}, source offset null'
    )
  })

  it('is named by its plugin where it knows the row', () => {
    assert.match(
      describeRecord(record, () => 'table orders, row (id=7)'),
      /^table orders, row \(id=7\), topic shop-orders/
    )
  })

  it('is written whole as a JVM worker writes it', () => {
    assert.equal(
      recordText({ ...record, headers: [{ key: 'h', schema: Schema.STRING, value: 'x' }] }),
      "SourceRecord{sourcePartition={table=orders}, sourceOffset={incrementing=9007199254740993}} ConnectRecord{topic='shop-orders', kafkaPartition=null, key=Struct{shop=1,id=9007199254740993}, keySchema=Schema{STRUCT}, value=Struct{id=7,note=a secret note,at=Thu Jan 01 00:00:00 UTC 1970}, valueSchema=Schema{orders:STRUCT}, timestamp=null, headers=ConnectHeaders(headers=[ConnectHeader(key=h, value=x, schema=Schema{STRING})])}"
    )
  })

  it('is named and written also when a value of it has no text', () => {
    const bytes = { ...record, keySchema: null, key: { odd: true }, valueSchema: null, value: /x/ }
    assert.match(describeRecord(bytes), /^key \(.* has no text form\), topic shop-orders/)
    assert.match(recordText(bytes), /value=\(.* has no text form\)/)
  })
})
