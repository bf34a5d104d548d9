import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { uniqueName } from '../support/environment.ts'
import { startJvmWorker } from '../support/jvm-worker.ts'
import { connectRest } from '../support/connect-rest.ts'
import { followTopic } from '../support/topic-reader.ts'
import { startWorkerProcess } from '../support/worker-process.ts'
import { until } from '../support/until.ts'

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'

describe('a cluster that moves from JVM workers to ours and back', () => {
  it('keeps its connectors, their states and their places', { timeout: 110_000 }, async (t) => {
    const group = uniqueName('takeover')
    const properties = {
      'group.id': group,
      'config.storage.topic': `${group}-configs`,
      'offset.storage.topic': `${group}-offsets`,
      'status.storage.topic': `${group}-status`,
      'key.converter': JSON_CONVERTER,
      'value.converter': JSON_CONVERTER,
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      'offset.flush.interval.ms': '200'
    }
    const dir = await mkdtemp(join(tmpdir(), 'takeover-'))
    t.after(() => rm(dir, { recursive: true, force: true }))
    const file = join(dir, 'lines.txt')
    await writeFile(file, 'one\ntwo\nthree\n')
    const topic = `${group}-lines`
    const lines = await followTopic(topic)
    t.after(() => lines.stop())
    const config = { 'connector.class': 'FileStreamSource', file, topic, 'tasks.max': '1' }
    const quoted = (...words: string[]): string[] => words.map((word) => JSON.stringify(word))

    // The JVM worker begins: one connector runs, one is paused, one is stopped, one will be deleted.
    const first = await startJvmWorker(properties)
    t.after(() => first.kill())
    const jvm = connectRest(first.url)
    await jvm.put('/connectors/lines/config', config)
    await jvm.put('/connectors/lines, paused/config', { ...config, file: `${file}-paused` })
    await jvm.put('/connectors/stopped/config', { ...config, file: `${file}-stopped` })
    await jvm.put('/connectors/gone/config', { ...config, file: `${file}-gone` })
    await jvm.put('/connectors/lines, paused/pause')
    await jvm.put('/connectors/stopped/stop')
    await until(() => lines.values.length === 3, 'the JVM worker copied three lines', 60_000)
    await until(async () => (await jvm.offset('lines'))?.['position'] === 14, 'it stored its place')
    await until(async () => (await jvm.state('lines, paused')) === 'PAUSED PAUSED', 'one is paused')
    await until(async () => (await jvm.state('stopped')) === 'STOPPED', 'one is stopped')
    await first.stop()

    // Ours takes over.
    const ours = await startWorkerProcess({ properties })
    t.after(() => ours.kill())
    const node = connectRest(ours.url)
    assert.deepEqual((await node.names()).sort(), ['gone', 'lines', 'lines, paused', 'stopped'])
    assert.deepEqual(await node.get('/connectors/lines/config'), { ...config, name: 'lines' })
    await until(async () => (await node.state('lines')) === 'RUNNING RUNNING', 'ours runs it')
    await until(async () => (await node.state('lines, paused')) === 'PAUSED PAUSED', 'still paused')
    await until(async () => (await node.state('stopped')) === 'STOPPED', 'still stopped')
    assert.equal((await node.offset('lines'))?.['position'], 14)
    await appendFile(file, 'four\nfive\n')
    await until(() => lines.values.length >= 5, 'ours copied two lines more')
    assert.deepEqual(lines.values, quoted('one', 'two', 'three', 'four', 'five'))
    await until(
      async () => (await node.offset('lines'))?.['position'] === 24,
      'ours stored its place'
    )
    await node.delete('/connectors/gone')
    await node.put('/connectors/stopped/resume')
    await until(async () => (await node.state('stopped')) === 'RUNNING RUNNING', 'one is resumed')
    await node.put('/connectors/new/config', {
      ...config,
      file: `${file}-new`,
      topic: `${topic}-new`
    })
    await until(async () => (await node.state('new')) === 'RUNNING RUNNING', 'a new one runs')
    assert.equal(await ours.stop(), 0)

    // And back.
    const last = await startJvmWorker(properties)
    t.after(() => last.kill())
    const back = connectRest(last.url)
    assert.deepEqual((await back.names()).sort(), ['lines', 'lines, paused', 'new', 'stopped'])
    for (const name of ['lines', 'new', 'stopped']) {
      await until(
        async () => (await back.state(name)) === 'RUNNING RUNNING',
        `${name} runs`,
        60_000
      )
    }
    await until(async () => (await back.state('lines, paused')) === 'PAUSED PAUSED', 'still paused')
    assert.equal((await back.offset('lines'))?.['position'], 24)
    await appendFile(file, 'six\n')
    await until(() => lines.values.length >= 6, 'the JVM worker copied the last line', 60_000)
    assert.deepEqual(lines.values, quoted('one', 'two', 'three', 'four', 'five', 'six'))
    await last.stop()
  })
})
