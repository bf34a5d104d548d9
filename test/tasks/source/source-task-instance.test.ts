import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SourceConnectorPlugin, SourceTask, StreamFacts } from '../../../src/plugin/source.ts'
import { SourceTaskInstance } from '../../../src/tasks/source/source-task-instance.ts'
import { requirePlain } from '../../support/cloned-tasks.ts'
import { recordingLog } from '../../support/recording-log.ts'

async function instanceOf(progress: NonNullable<SourceTask['progress']>) {
  const { log, lines } = recordingLog()
  const task: SourceTask = { poll: async () => null, stop() {}, progress }
  const plugin = { createTask: () => task } as Partial<SourceConnectorPlugin>
  const instance = new SourceTaskInstance(plugin as SourceConnectorPlugin, log)
  await instance.start(new Map(), null as never)
  return { instance, lines }
}

describe('What a plugin says of its streams', () => {
  it('is copied, without what is no plain value', async () => {
    let position = 1
    const facts = {
      get position() {
        return position
      },
      late_commits: 'off',
      held_back: null,
      rows: new Map(),
      next: () => 2
    }
    const streams = new Map([['orders', facts as unknown as StreamFacts]])
    const { instance } = await instanceOf(() => streams)
    const said = instance.progress()
    position = 2
    requirePlain(said, 'progress')
    assert.deepEqual(
      said,
      new Map([['orders', { position: 1, late_commits: 'off', held_back: null }]])
    )
    assert.equal(instance.progress().get('orders')?.['position'], 2)
  })

  it('I9: is nothing when it cannot be said, which is told once', async () => {
    const { instance, lines } = await instanceOf(() => {
      throw new Error('no idea')
    })
    assert.equal(instance.progress().size, 0)
    assert.equal(instance.progress().size, 0)
    assert.equal(lines.filter((line) => line.includes('no idea')).length, 1)
  })
})
