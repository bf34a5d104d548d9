import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FileStreamSinkTask } from '../../../src/connectors/file-stream/file-stream-sink-task.ts'
import type { SinkRecord } from '../../../src/data/record.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'

function record(valueSchema: Schema | null, value: unknown): SinkRecord {
  return {
    topic: 't',
    kafkaPartition: 0,
    keySchema: null,
    key: null,
    valueSchema,
    value,
    timestamp: null,
    headers: [],
    kafkaOffset: 0n,
    timestampType: 'NoTimestampType',
    originalTopic: 't',
    originalKafkaPartition: 0,
    originalKafkaOffset: 0n,
    originalBytes: null
  }
}

describe('The file stream sink', () => {
  it('appends a line per record, its value as Java prints it', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'file-sink-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'out.txt')
    const person = Schema.struct([
      { name: 'id', schema: Schema.INT32 },
      { name: 'name', schema: Schema.OPTIONAL_STRING },
      { name: 'score', schema: Schema.FLOAT64 }
    ])
    const batches = [
      [record(Schema.STRING, 'ä b'), record(person, new Struct(person, [7, null, 1]))],
      [],
      [record(null, null), record(null, new Map([['a', [1, true]]]))]
    ]
    for (const batch of batches) {
      const task = new FileStreamSinkTask(new Map([['file', file]]))
      await task.start()
      await task.put(batch)
      await task.flush()
      await task.stop()
    }
    assert.equal(await readFile(file, 'utf8'), 'ä b\nStruct{id=7,score=1.0}\nnull\n{a=[1, true]}\n')
  })

  it('names the file it cannot write to', async () => {
    const task = new FileStreamSinkTask(new Map([['file', '/nowhere/out.txt']]))
    await assert.rejects(task.start(), {
      message: "Couldn't find or create file '/nowhere/out.txt' for FileStreamSinkTask"
    })
  })
})
