import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { parseProperties } from '../src/config/properties.ts'
import { mysqlUrl, postgresUrl, uniqueName } from './support/environment.ts'
import { until } from './support/until.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')
/** The SQL scripts of one database, in the order of their names. */
const scripts = (database: string, pattern = '*.sql'): string[] =>
  globSync(`sql/${database}/${pattern}`, { cwd: root }).sort().map(read)

describe('worker-config/', () => {
  for (const file of globSync('worker-config/jdbc-*.json', { cwd: root })) {
    const name = basename(file, '.json')
    it(`${name} is the same connector as JSON and as .properties`, () => {
      const json = JSON.parse(read(file)) as { name: string; config: Record<string, string> }
      const properties = parseProperties(read(`worker-config/${name}.properties`))
      assert.deepEqual(Object.fromEntries(properties), { name: json.name, ...json.config })
    })
  }
})

describe('sql/', () => {
  it('sqlite: can be run again, and an update moves updated_at', async (t) => {
    const database = new DatabaseSync(':memory:')
    t.after(() => database.close())
    for (const script of [...scripts('sqlite'), ...scripts('sqlite')]) database.exec(script)
    const order = database.prepare('SELECT status, updated_at FROM orders WHERE id = 1')
    const before = order.get()
    const later = await until(() => {
      database.exec("UPDATE orders SET status = 'paid' WHERE id = 1")
      const row = order.get()
      return String(row?.['updated_at']) > String(before?.['updated_at']) ? row : null
    }, 'an update moves updated_at')
    assert.equal(later['status'], 'paid')
  })

  describe('postgres', () => {
    const name = uniqueName('samples').replaceAll('-', '_')
    const admin = new pg.Client({ connectionString: postgresUrl() })
    after(async () => {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await admin.query(`DROP ROLE IF EXISTS ${name}`)
      await admin.end()
    })

    it('can be run again, and its account reads but does not write', async (t) => {
      await admin.connect()
      await admin.query(`CREATE DATABASE ${name}`)
      const owner = new pg.Client({ connectionString: withDatabase(postgresUrl(), name) })
      t.after(() => owner.end())
      await owner.connect()
      for (const script of [...scripts('postgres', '[12]*'), ...scripts('postgres', '[12]*')]) {
        await owner.query(script)
      }
      const [grants] = scripts('postgres', '3*')
      await owner.query((grants ?? '').replaceAll(/(TO|ROLE) connect\b/g, `$1 ${name}`))

      const url = new URL(withDatabase(postgresUrl(), name))
      url.username = name
      url.password = 'change-me'
      const reader = new pg.Client({ connectionString: url.href })
      t.after(() => reader.end())
      await reader.connect()
      assert.equal((await reader.query('SELECT * FROM orders')).rowCount, 3)
      await assert.rejects(reader.query('DELETE FROM orders'))

      const touched = await owner.query(
        "UPDATE orders SET status = 'paid' WHERE id = 1 RETURNING updated_at > (SELECT max(updated_at) FROM orders) AS moved"
      )
      assert.deepEqual(touched.rows, [{ moved: true }])
    })
  })

  it('mysql: can be run again, and an update moves updated_at', async (t) => {
    const name = uniqueName('samples').replaceAll('-', '_')
    const connection = await createConnection({ uri: mysqlUrl(), multipleStatements: true })
    t.after(async () => {
      await connection.query(`DROP DATABASE IF EXISTS ${name}`)
      await connection.end()
    })
    for (const script of [...scripts('mysql', '[12]*'), ...scripts('mysql', '[12]*')]) {
      await connection.query(script.replaceAll(/\bshop\b/g, name))
    }
    await connection.query("UPDATE orders SET status = 'paid' WHERE id = 1")
    const [rows] = await connection.query(
      'SELECT count(*) AS n FROM orders WHERE id = 1 AND updated_at > (SELECT max(updated_at) FROM orders WHERE id > 1)'
    )
    assert.deepEqual(rows, [{ n: 1 }])
  })
})

describe('Dockerfile and docker-compose.yml', () => {
  it('copy and mount only files that exist', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files]) => (files ?? '').split(' ')
    )
    const mounted = [...read('docker-compose.yml').matchAll(/^ +- \.\/([^:\n]+):/gm)].map(
      ([, file]) => file ?? ''
    )
    assert.ok(copied.length > 0 && mounted.length > 0)
    for (const file of [...copied, ...mounted]) {
      assert.equal(globSync(file, { cwd: root }).length, 1, file)
    }
  })

  it('run the Kafka that the tests run', () => {
    const tested = /<kafka\.version>([^<]+)</.exec(read('scripts/kafka/pom.xml'))?.[1]
    assert.match(read('docker-compose.yml'), new RegExp(`image: apache/kafka:${tested}\n`))
  })
})

function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}
