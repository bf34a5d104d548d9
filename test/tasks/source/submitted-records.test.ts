import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SourceOffset, SourcePartition, SourceRecord } from '../../../src/data/record.ts'
import { SubmittedRecords } from '../../../src/tasks/source/submitted-records.ts'

const orders: SourcePartition = { table: 'orders' }
const customers: SourcePartition = { table: 'customers' }

function record(partition: SourcePartition, offset: SourceOffset | null): SourceRecord {
  return {
    topic: 't',
    kafkaPartition: null,
    keySchema: null,
    key: null,
    valueSchema: null,
    value: null,
    timestamp: null,
    headers: [],
    sourcePartition: partition,
    sourceOffset: offset
  }
}

describe('submitted records', () => {
  it('I1: does not offer the offset of a record whose predecessor was not acknowledged', () => {
    const submitted = new SubmittedRecords()
    const first = submitted.submit([record(orders, { id: 1 }), record(orders, { id: 2 })])
    const second = submitted.submit([record(orders, { id: 3 })])
    second.ack()
    assert.deepEqual(submitted.takeCommittable(), [])
    first.ack()
    assert.deepEqual(submitted.takeCommittable(), [{ partition: orders, offset: { id: 3 } }])
    assert.deepEqual(submitted.takeCommittable(), [])
  })

  it('I1: offers the acknowledged front and keeps what is behind an unacknowledged batch', () => {
    const submitted = new SubmittedRecords()
    submitted.submit([record(orders, { id: 1 })]).ack()
    const hanging = submitted.submit([record(orders, { id: 2 })])
    submitted.submit([record(orders, { id: 3 })]).ack()
    assert.deepEqual(submitted.takeCommittable(), [{ partition: orders, offset: { id: 1 } }])
    assert.equal(submitted.waiting, 2)
    hanging.ack()
    assert.deepEqual(submitted.takeCommittable(), [{ partition: orders, offset: { id: 3 } }])
    assert.equal(submitted.waiting, 0)
  })

  it('I8: keeps one offset of what was acknowledged, however long nobody takes it', () => {
    const submitted = new SubmittedRecords()
    for (let id = 0; id < 1000; id++) submitted.submit([record(orders, { id })]).ack()
    submitted.submit([record(orders, { id: 1000 })])
    assert.equal(submitted.waiting, 2)
    assert.deepEqual(submitted.takeCommittable(), [{ partition: orders, offset: { id: 999 } }])
  })

  it('lets one source partition pass another that is held back', () => {
    const submitted = new SubmittedRecords()
    submitted.submit([record(orders, { id: 1 })])
    submitted.submit([record(customers, { id: 9 })]).ack()
    assert.deepEqual(submitted.takeCommittable(), [{ partition: customers, offset: { id: 9 } }])
  })

  it('holds back every partition of a batch until the batch is acknowledged', () => {
    const submitted = new SubmittedRecords()
    const batch = submitted.submit([record(orders, { id: 1 }), record(customers, { id: 9 })])
    assert.deepEqual(submitted.takeCommittable(), [])
    batch.ack()
    assert.equal(submitted.takeCommittable().length, 2)
  })

  it('treats equal partitions as one, whatever object a connector uses and in whatever field order', () => {
    const submitted = new SubmittedRecords()
    const hanging = submitted.submit([record({ protocol: '1', table: 'a' }, { id: 1 })])
    submitted.submit([record({ table: 'a', protocol: '1' }, { id: 2 })]).ack()
    assert.deepEqual(submitted.takeCommittable(), [])
    hanging.ack()
    assert.deepEqual(submitted.takeCommittable(), [
      { partition: { protocol: '1', table: 'a' }, offset: { id: 2 } }
    ])
  })

  it('does not mix up partitions whose values only look alike', () => {
    const submitted = new SubmittedRecords()
    submitted.submit([record({ shard: 1 }, { id: 1 })])
    submitted.submit([record({ shard: '1' }, { id: 2 })]).ack()
    assert.deepEqual(submitted.takeCommittable(), [
      { partition: { shard: '1' }, offset: { id: 2 } }
    ])
  })

  it('stores nothing for records without a source offset', () => {
    const submitted = new SubmittedRecords()
    submitted.submit([record(orders, null)]).ack()
    assert.deepEqual(submitted.takeCommittable(), [])
  })
})
