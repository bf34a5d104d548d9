import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/worker-process.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const TEXT = 'org.apache.kafka.connect.storage.StringConverter'

/** Files as connect-standalone takes them, and the worker that runs with all of them. */
async function standalone(t: TestContext, connectors: readonly Record<string, string>[]) {
  const dir = temporaryFolder(t)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = (name: string, settings: Record<string, string>): string => {
    const path = join(dir, `${name}.properties`)
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`)
    writeFileSync(path, lines.join(''))
    return path
  }
  const files = [
    file('worker', {
      'bootstrap.servers': kafkaBootstrap(),
      'key.converter': TEXT,
      'value.converter': TEXT,
      'offset.storage.file.filename': join(dir, 'offsets.dat'),
      'offset.flush.interval.ms': '200',
      listeners: url
    }),
    ...connectors.map((settings) => file(settings['name'] ?? '', settings))
  ]
  const start = async () => {
    const child = spawn(process.execPath, ['src/main.ts', '--standalone', ...files], {
      cwd: ROOT,
      stdio: 'ignore'
    })
    const exit = once(child, 'exit')
    t.after(() => child.kill('SIGKILL'))
    const isReady = async () => (await fetch(`${url}/health`)).status === 200
    await until(async () => child.exitCode !== null || (await isReady()), 'the worker is healthy')
    return async (signal: NodeJS.Signals): Promise<unknown> => {
      child.kill(signal)
      return (await exit)[0]
    }
  }
  return { rest: connectRest(url), start }
}

describe('sinks of a worker by itself', () => {
  it('go on from the offsets of their groups behind a stop and a crash, and these can be read, altered and reset', {
    timeout: 280_000
  }, async (t) => {
    const dir = temporaryFolder(t)
    const [group, input, output] = [uniqueName('alone'), join(dir, 'in'), join(dir, 'out')]
    const database = new DatabaseSync(join(dir, 'shop.db'))
    t.after(() => database.close())
    database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
    const lines = (): string => readFileSync(output, 'utf8').replaceAll('\n', ' ').trim()
    const rows = (): unknown[] =>
      database
        .prepare('SELECT line, topic, part, at FROM lines ORDER BY at')
        .all()
        .map(Object.values)
    const consumer = {
      // So long the group waits for a member that was killed.
      'consumer.override.session.timeout.ms': '6000',
      'consumer.override.heartbeat.interval.ms': '1000'
    }
    writeFileSync(input, 'a\nb\n')
    const [feed, file, jdbc] = [`${group}-feed`, `${group}-file`, `${group}-jdbc`]
    const { rest, start } = await standalone(t, [
      { name: feed, 'connector.class': 'FileStreamSource', file: input, topic: group },
      { name: file, 'connector.class': 'FileStreamSink', file: output, topics: group, ...consumer },
      {
        name: jdbc,
        'connector.class': 'JdbcSink',
        'connection.url': `jdbc:sqlite:${join(dir, 'shop.db')}`,
        topics: group,
        'table.name.format': 'lines',
        'auto.create': 'true',
        'insert.mode': 'upsert',
        'pk.mode': 'kafka',
        'pk.fields': 'topic,part,at',
        'string.output.value.column.name': 'line',
        ...consumer
      }
    ])
    const at = (offset: number) => ({
      partition: { kafka_topic: group, kafka_partition: 0 },
      offset: { kafka_offset: offset }
    })
    const offsets = async (name: string): Promise<unknown> =>
      ((await rest.get(`/connectors/${name}/offsets`)) as { offsets: unknown }).offsets
    const written = async (text: string): Promise<void> => {
      await until(() => lines().length >= text.length, `${text} is written`)
      assert.equal(lines(), text)
    }
    const copied = async (letters: string): Promise<void> => {
      const expected = letters.split('').map((letter, offset) => [letter, group, 0, offset])
      await until(() => isDeepStrictEqual(rows(), expected), `${letters} is copied`)
    }
    const committed = async (count: number): Promise<void> => {
      for (const name of [file, jdbc]) {
        const all = async () => isDeepStrictEqual(await offsets(name), [at(count)])
        await until(all, `${count} are committed of ${name}`)
      }
    }

    let end = await start()
    await written('a b')
    await copied('ab')
    await committed(2)
    assert.equal(await end('SIGTERM'), 0)

    // Nothing comes twice behind a stop.
    appendFileSync(input, 'c\n')
    end = await start()
    await written('a b c')
    await copied('abc')
    await committed(3)

    await end('SIGKILL')
    appendFileSync(input, 'd\n')
    end = await start()
    await written('a b c d')
    await copied('abcd')
    await committed(4)
    assert.equal(await rest.state(jdbc), 'RUNNING RUNNING')

    const refused = (call: Promise<unknown>, why: RegExp): Promise<void> =>
      assert.rejects(call, why)
    const offsetsPath = `/connectors/${file}/offsets`
    await refused(rest.delete(offsetsPath), /: 400 .*must be in the STOPPED state/)
    await rest.put(`/connectors/${file}/stop`)
    assert.equal(await rest.state(file), 'STOPPED')
    await rest.patch(offsetsPath, { offsets: [at(3)] })
    await rest.put(`/connectors/${file}/resume`)
    await written('a b c d d')

    await rest.put(`/connectors/${file}/stop`)
    await refused(rest.patch(offsetsPath, { offsets: [at(-1)] }), /: 400 /)
    await rest.delete(offsetsPath)
    assert.deepEqual(await offsets(file), [])
    await rest.put(`/connectors/${file}/resume`)
    await written('a b c d d a b c d')
    for (const name of [feed, file, jdbc]) await rest.delete(`/connectors/${name}?offsets=delete`)
    assert.equal(await end('SIGTERM'), 0)
  })
})
