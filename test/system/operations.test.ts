import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { uniqueName } from '../support/environment.ts'
import { createPostgresDatabase } from '../support/postgres-database.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, MORTAL, startWorkerProcess } from '../support/worker-process.ts'

const JDBC = 'io.confluent.connect.jdbc.Jdbc'

interface Change {
  readonly id: number
  readonly what: string
  readonly by: { readonly user: string | null; readonly note: string | null }
  readonly worker_id: string
}

/** What a worker answers somebody. */
interface Answer {
  readonly status: number
  readonly text: string
}

function asker(url: string) {
  return async (user: string, method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    return { status: answer.status, text: await answer.text() }
  }
}

describe('Two workers with accounts, roles, restarts by policy and a history', () => {
  it('bring a sink back by themselves, tell who did what, and survive one of them', {
    timeout: 280_000
  }, async (t) => {
    const db = await createPostgresDatabase()
    const dir = await mkdtemp(join(tmpdir(), 'operations-'))
    t.after(async () => {
      await db.close()
      await rm(dir, { recursive: true })
    })
    await writeFile(join(dir, 'users'), 'anna=secret\nben=secret\nclara=secret\n')
    await writeFile(join(dir, 'roles'), 'anna=editor\nben=operator\nclara=viewer\n')
    const group = uniqueName('operations')
    const properties = {
      'group.id': group,
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': join(dir, 'users'),
      'rest.roles.file': join(dir, 'roles'),
      'history.storage.topic': `${group}-history`,
      'history.storage.replication.factor': '1',
      'auto.restart.max.restarts': '-1',
      'auto.restart.backoff.ms': '500',
      'auto.restart.backoff.max.ms': '1000',
      ...MORTAL
    }
    const first = await startWorkerProcess({ properties, healthUser: 'clara:secret' })
    t.after(() => first.kill())
    const second = await startWorkerProcess({ properties, healthUser: 'clara:secret' })
    t.after(async () => {
      await second.stop()
      await deleteTopicsOf(second, [`${group}-history`, `${group}-orders`])
    })
    const [askFirst, askSecond] = [asker(first.url), asker(second.url)]

    await db.exec('CREATE TABLE orders (id BIGINT PRIMARY KEY, note VARCHAR(40))')
    await db.exec(`INSERT INTO orders VALUES (1, 'one'), (2, 'two')`)
    const out = {
      ...db.config,
      'connector.class': `${JDBC}SourceConnector`,
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'table.whitelist': 'orders',
      'topic.prefix': `${group}-`,
      'poll.interval.ms': '50'
    }
    const into = {
      ...db.config,
      'connector.class': `${JDBC}SinkConnector`,
      topics: `${group}-orders`,
      'table.name.format': 'orders_copy',
      'insert.mode': 'upsert',
      'pk.mode': 'record_value',
      'pk.fields': 'id',
      'consumer.override.auto.offset.reset': 'earliest',
      // So long the group waits for a member that was killed.
      'consumer.override.session.timeout.ms': '8000',
      'consumer.override.heartbeat.interval.ms': '1000'
    }
    // Whoever leads: what goes to the other one is passed on, with its account.
    for (const [name, config] of Object.entries({ out, in: into })) {
      assert.equal(
        (await askSecond('clara', 'PUT', `/connectors/${name}/config`, config)).status,
        403
      )
      const put = await askSecond('anna', 'PUT', `/connectors/${name}/config`, config)
      assert.equal(put.status, 201, put.text)
    }

    // The table of the sink is not there: its task fails, and is started again and again.
    const trace = async (): Promise<string> => {
      const { text } = await askFirst('clara', 'GET', '/connectors/in/tasks/0/status')
      return (JSON.parse(text) as { trace?: string }).trace ?? ''
    }
    await until(
      async () => /Restart \d+ by policy at/.test(await trace()),
      'a restart is announced'
    )
    await db.exec('CREATE TABLE orders_copy (id BIGINT PRIMARY KEY, note VARCHAR(40))')
    await until(async () => (await db.exec('SELECT * FROM orders_copy')).length === 2, 'the copy')
    assert.match(await trace(), /^Restarted by policy .*, because of: .*orders_copy/)

    // Somebody breaks it; the configuration of before is one request away.
    assert.equal((await askFirst('clara', 'PUT', '/connectors/in/pause')).status, 403)
    assert.equal((await askFirst('ben', 'PUT', '/connectors/in/pause')).status, 202)
    assert.equal((await askSecond('ben', 'PUT', '/connectors/in/resume')).status, 202)
    const wrong = { ...into, topics: `${group}-nothing` }
    assert.equal((await askFirst('anna', 'PUT', '/connectors/in/config', wrong)).status, 200)
    const history = async (ask: typeof askFirst, name: string): Promise<Change[]> => {
      const { text } = await ask('clara', 'GET', `/connectors/${name}/history?limit=1000`)
      return (JSON.parse(text) as { changes: Change[] }).changes
    }
    const created = (await history(askSecond, 'in')).at(-1)
    assert.deepEqual([created?.what, created?.by.user], ['create', 'anna'])
    const restored = await askSecond(
      'anna',
      'POST',
      `/connectors/in/restore?version=${created?.id}`
    )
    assert.equal(restored.status, 200, restored.text)
    await db.exec(`INSERT INTO orders VALUES (3, 'three')`)
    await until(async () => (await db.exec('SELECT * FROM orders_copy')).length === 3, 'row 3')

    // One of the two dies; the other one knows everything, and has everything.
    await first.kill()
    const changes = (await history(askSecond, 'in')).toReversed()
    const byHand = changes.filter(({ by }) => by.note !== 'auto.restart')
    assert.deepEqual(
      byHand.map(({ what, by }) => `${by.user} ${what}`),
      ['anna create', 'ben pause', 'ben resume', 'anna config', 'anna config']
    )
    assert.ok(changes.length > byHand.length, 'restarts by policy are among them')
    await db.exec(`INSERT INTO orders VALUES (4, 'four')`)
    await until(
      async () => (await db.exec('SELECT * FROM orders_copy')).length === 4,
      'row 4',
      60_000
    )
  })
})
