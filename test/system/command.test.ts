import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { until } from '../support/until.ts'
import { freePort, workerDefaults } from '../support/worker-process.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
let dir = ''
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'command-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  code: number | null
  out: string
  err: string
}

/**
 * Runs `node src/main.ts …` to its end. `signalWhen` gets SIGTERM sent once its text appears in the output.
 */
function worker(args: readonly string[], signalWhen?: string): Promise<Ended> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended: Ended = { code: null, out: '', err: '' }
  let signalled = false
  child.stdout.on('data', (chunk: Buffer) => {
    ended.out += chunk.toString()
    if (signalWhen !== undefined && !signalled && ended.out.includes(signalWhen)) {
      signalled = true
      child.kill('SIGTERM')
    }
  })
  child.stderr.on('data', (chunk: Buffer) => (ended.err += chunk.toString()))
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('close', (code) => settle({ ...ended, code }))
  })
}

function workerFile(settings: Record<string, string>): string {
  const file = join(dir, `${uniqueName('worker')}.properties`)
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
  )
  return file
}

function distributed(settings: Record<string, string> = {}): Record<string, string> {
  return { ...workerDefaults(0), ...settings }
}

describe('the worker command', () => {
  it('explains itself and tells its version', async () => {
    const help = await worker(['--help'])
    assert.equal(help.code, 0)
    assert.match(help.out, /worker --distributed \[FILE\]/)
    const version = await worker(['--version'])
    assert.match(version.out, /^\d+\.\d+\.\d+ \(Kafka Connect 4\.3\.1\)\n$/)
  })

  it('answers a wrong use with the usage and 1', async () => {
    const { code, err } = await worker(['--distributed', 'a', 'b'])
    assert.equal(code, 1)
    assert.match(err, /takes one file[\s\S]*Usage:/)
  })

  it('names a worker file that is missing', async () => {
    const { code, err } = await worker(['--distributed', join(dir, 'absent.properties')])
    assert.equal(code, 2)
    assert.match(err, /Worker file .*absent\.properties cannot be read: ENOENT/)
  })

  it('names a worker file that cannot be parsed', async () => {
    const file = workerFile({ 'group.id': '\\u12' })
    const { code, err } = await worker(['--distributed', file])
    assert.equal(code, 2)
    assert.match(err, new RegExp(`${file}.*\\\\u`, 's'))
  })

  it('reports every wrong setting at once', async () => {
    const file = workerFile({
      ...distributed({
        'session.timeout.ms': 'soon',
        'connect.protocol': 'fast',
        listeners: 'ftp://x:1'
      }),
      'group.id': ''
    })
    const { code, err } = await worker(['--distributed', file])
    assert.equal(code, 2)
    assert.match(
      err,
      /Invalid value soon for configuration session\.timeout\.ms: Not a number of type INT/
    )
    assert.match(err, /connect\.protocol/)
    assert.match(err, /Listener protocol must be either "http" or "https"\./)
  })

  it('shows the settings in force without secrets', async () => {
    const file = workerFile(
      distributed({ 'sasl.jaas.config': 'x password="tiger";', unknown: 'y' })
    )
    const { code, out } = await worker(['--check', file, '-o', 'session.timeout.ms=7000'])
    assert.equal(code, 0)
    assert.match(out, /session\.timeout\.ms=7000/)
    assert.match(out, /warning: Unknown settings, not used: unknown/)
    assert.doesNotMatch(out, /tiger/)
  })

  it('I8: gives up on a broker that does not answer, naming it', async () => {
    const port = await freePort()
    const file = workerFile(
      distributed({
        'bootstrap.servers': `127.0.0.1:${port}`,
        'default.api.timeout.ms': '1500',
        'request.timeout.ms': '1000'
      })
    )
    const started = performance.now()
    const { code, err } = await worker(['--distributed', file])
    assert.equal(code, 2)
    assert.match(err, new RegExp(`127\\.0\\.0\\.1:${port}`))
    assert.ok(performance.now() - started < 30_000)
  })

  it('refuses an internal topic that would lose records', async () => {
    const settings = distributed()
    const admin = createKafkaClients(systemClock).admin(
      new Map([['bootstrap.servers', kafkaBootstrap()]]),
      'command-test'
    )
    await admin.createTopic({
      name: settings['offset.storage.topic'] ?? '',
      partitions: 1,
      replicationFactor: 1,
      settings: new Map([['cleanup.policy', 'delete']])
    })
    await admin.close()
    const { code, err } = await worker(['--distributed', workerFile(settings)])
    assert.equal(code, 2)
    assert.match(
      err,
      /supplied via the 'offset\.storage\.topic' property is required to have 'cleanup\.policy=compact'/
    )
  })

  it('ends with 0 when asked to, and with 2 when its address is taken', async () => {
    const port = await freePort()
    const settings = distributed({ listeners: `http://127.0.0.1:${port}` })
    const first = worker(['--distributed', workerFile(settings)], '/nothing-more-to-test')
    const url = `http://127.0.0.1:${port}`
    await until(
      async () => (await fetch(`${url}/health`)).status === 200,
      'the first worker is healthy'
    )
    const second = await worker(['--distributed', workerFile(distributed({ listeners: url }))])
    assert.equal(second.code, 2)
    assert.match(second.err, new RegExp(String(port)))
    // The access log writes the path: that is what the first worker is waiting for.
    await fetch(`${url}/nothing-more-to-test`)
    assert.equal((await first).code, 0)
  })

  it('runs standalone with connectors from files, and answers 3 when one is wrong', async () => {
    const base = {
      'bootstrap.servers': kafkaBootstrap(),
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.storage.file.filename': join(dir, 'offsets.dat'),
      listeners: 'http://127.0.0.1:0'
    }
    const good = join(dir, 'good.properties')
    writeFileSync(
      good,
      `name=good\nconnector.class=FileStreamSource\nfile=${join(dir, 'in.txt')}\ntopic=${uniqueName('standalone')}\n`
    )
    const run = await worker(
      ['--standalone', workerFile(base), good],
      'Source task finished initialization and start'
    )
    assert.equal(run.code, 0, run.err)
    const wrong = join(dir, 'wrong.json')
    writeFileSync(wrong, '{"name": "wrong", "config": {"connector.class": "Nope"}}')
    const failed = await worker(['--standalone', workerFile(base), wrong])
    assert.equal(failed.code, 3)
    assert.match(failed.err, /wrong\.json: Failed to find any class/)
  })
})
