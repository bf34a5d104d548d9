import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loggers } from '../../../src/log.ts'
import { AssignedPartitions } from '../../../src/tasks/sink/assigned-partitions.ts'
import { SinkContext } from '../../../src/tasks/sink/sink-context.ts'

describe('What a sink task is told of its partitions', () => {
  it('I11: when they are lost in the time it was given to end a put, it is not that time that counts', () => {
    const context = new SinkContext({
      id: { connector: 'c', task: 0 },
      log: loggers.get('test'),
      partitions: new AssignedPartitions(),
      errantRecords: null,
      stopping: new AbortController().signal,
      reportCondition: () => undefined,
      requestCommit: () => undefined,
      checkMembership: () => undefined,
      origins: {
        origins: () => Promise.reject(new Error('not asked')),
        confirm: () => Promise.resolve(false),
        strangers: () => Promise.resolve([])
      }
    })
    const partitions = [{ topic: 't', partition: 0 }]
    const { revoking, lost } = context
    context.revoke({ reason: 'rebalance', partitions, withinMs: 1000 })
    context.revoke({ reason: 'rebalance', partitions, withinMs: 500 })
    assert.deepEqual([revoking.reason?.withinMs, lost.aborted], [1000, false])
    context.revoke({ reason: 'lost', partitions, withinMs: 0 })
    assert.ok(lost.aborted)
    context.assigned()
    assert.ok(!context.revoking.aborted && !context.lost.aborted)
  })
})
