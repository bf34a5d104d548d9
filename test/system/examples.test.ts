import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { followTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import {
  deleteTopicsOf,
  startWorkerProcess,
  type WorkerProcess
} from '../support/worker-process.ts'

const EXAMPLES = resolve(import.meta.dirname, '..', '..', 'examples')

const dir = mkdtempSync(join(tmpdir(), 'examples-'))
const installed = join(dir, 'installed')
const copied = join(dir, 'copied')
const inbox = join(dir, 'inbox')
const topic = uniqueName('examples')

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** `npm pack` and `npm install`, as a user would; and a folder copied, which may be TypeScript. */
function install(): void {
  for (const folder of [installed, copied, inbox]) mkdirSync(folder)
  const tarballs = ['folder-source', 'csv-converter'].map((name) => {
    npm(['pack', '--pack-destination', dir], join(EXAMPLES, name))
    return join(dir, `example-${name}-1.0.0.tgz`)
  })
  npm(['install', '--offline', '--no-audit', '--no-fund', '--prefix', '.', ...tarballs], installed)
  cpSync(join(EXAMPLES, 'hash-field'), join(copied, 'hash-field'), { recursive: true })
  mkdirSync(join(copied, 'broken'))
  writeFileSync(
    join(copied, 'broken', 'package.json'),
    JSON.stringify({ name: 'broken', version: '1.0.0', kafkaConnect: { plugins: './gone.js' } })
  )
}

/** A file that is there at once, and whole. */
function put(name: string, text: string): void {
  writeFileSync(join(dir, name), text)
  renameSync(join(dir, name), join(inbox, name))
}

const hash = (text: string): string => createHmac('sha256', 'pepper').update(text).digest('hex')

describe('the examples, installed on the plugin path of a worker', { timeout: 110_000 }, () => {
  let worker: WorkerProcess
  let rest: ReturnType<typeof connectRest>
  before(async () => {
    install()
    worker = await startWorkerProcess({
      properties: { 'plugin.path': [installed, copied, join(dir, 'nowhere')].join(',') }
    })
    rest = connectRest(worker.url)
  })
  after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, [topic])
    rmSync(dir, { recursive: true, force: true })
  })

  it('are listed with their versions', async () => {
    const ours = (plugins: unknown): unknown[] =>
      (plugins as { class: string }[]).filter((plugin) => plugin.class.startsWith('com.example.'))
    const source = { class: 'com.example.FolderSourceConnector', type: 'source', version: '1.0.0' }
    assert.deepEqual(ours(await rest.get('/connector-plugins')), [source])
    assert.deepEqual(ours(await rest.get('/connector-plugins?connectorsOnly=false')), [
      source,
      { class: 'com.example.HashField$Key', type: 'transformation', version: '1.0.0' },
      { class: 'com.example.HashField$Value', type: 'transformation', version: '1.0.0' },
      { class: 'com.example.CsvConverter', type: 'converter', version: '1.0.0' }
    ])
  })

  it('have their settings in the answers of REST', async () => {
    const keys = (await rest.get('/connector-plugins/FolderSource/config')) as { name: string }[]
    assert.ok(keys.some(({ name }) => name === 'max.file.bytes'))
    const infos = (await rest.put('/connector-plugins/FolderSource/config/validate', {
      'connector.class': 'FolderSource',
      name: 'x',
      topic: 't',
      'max.file.bytes': '0'
    })) as { configs: { value: { name: string; errors: string[] } }[] }
    const errors = infos.configs.flatMap(({ value }) => value.errors)
    assert.deepEqual(errors.sort(), [
      'Invalid value 0 for configuration max.file.bytes: Value must be at least 1',
      'Missing required configuration "folder" which has no default value.'
    ])
  })

  it('do not keep the worker from starting when one beside them is broken', () => {
    assert.match(
      worker.output(),
      /Skipped on the plugin path: .*broken.*gone\.js, which is not there/
    )
    assert.match(worker.output(), /Skipped on the plugin path: .*nowhere: there is no such folder/)
    assert.match(worker.output(), /Added plugin com\.example\.CsvConverter 1\.0\.0 \(converter\)/)
  })

  it('bring files into Kafka, hashed and as CSV, and go on where they were', async () => {
    const { values, stop } = await followTopic(topic)
    try {
      put('1.txt', 'plain')
      put('2.txt', 'with, comma and "quotes"')
      await rest.put('/connectors/inbox/config', {
        'connector.class': 'FolderSource',
        'tasks.max': '1',
        folder: inbox,
        topic,
        'poll.interval.ms': '50',
        'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'value.converter': 'com.example.CsvConverter',
        'value.converter.delimiter': ';',
        transforms: 'hash',
        'transforms.hash.type': 'com.example.HashField$Value',
        'transforms.hash.fields': 'name',
        'transforms.hash.salt': 'pepper'
      })
      await until(() => values.length === 2, 'both files arrived')
      const [first = '', second = ''] = values
      assert.match(first, new RegExp(`^${hash('1.txt')};5;\\d{13};plain$`))
      assert.ok(second.endsWith(';"with, comma and ""quotes"""'), second)

      await until(
        async () => (await rest.offset('inbox'))?.['name'] === '2.txt',
        'the offset of the last file is stored'
      )
      await rest.post('/connectors/inbox/restart?includeTasks=true')
      put('3.txt', 'third')
      await until(() => values.length === 3, 'the third file arrived, and no other again')
      assert.ok(values[2]?.endsWith(';third'))
    } finally {
      await stop()
    }
  })

  it('refuse offsets that mean nothing to them', async () => {
    await rest.put('/connectors/inbox/stop')
    await until(async () => (await rest.state('inbox')) === 'STOPPED', 'the connector is stopped')
    const alter = (offset: unknown): Promise<unknown> =>
      rest.patch('/connectors/inbox/offsets', {
        offsets: [{ partition: { folder: inbox }, offset }]
      })
    await assert.rejects(alter({ position: 1 }), /400 .*An offset is/)
    await alter({ name: '1.txt' })
    assert.deepEqual(await rest.offset('inbox'), { name: '1.txt' })
  })
})
