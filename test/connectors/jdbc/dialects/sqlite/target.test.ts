import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { sqliteDialect } from '../../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { sqliteTarget } from '../../../../../src/connectors/jdbc/dialects/sqlite/target.ts'
import { ConfigError } from '../../../../../src/errors.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'

void describe('An address of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  const file = join(folder, 'a b.db')
  const target = (address: string, properties: Record<string, string> = {}) =>
    sqliteTarget(openOptions(sqliteDialect, { url: `jdbc:sqlite:${address}`, properties }))
  const ask = async (address: string, sql: string): Promise<unknown> => {
    const connection = await sqliteDialect.open(
      openOptions(sqliteDialect, { url: `jdbc:sqlite:${address}` })
    )
    try {
      return (await rowsOf(connection, sql))[0]?.[0]
    } finally {
      await connection.close()
    }
  }

  before(() => {
    const database = new DatabaseSync(file)
    database.exec("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x')")
    database.close()
  })
  after(() => rmSync(folder, { recursive: true }))

  void it('is a path, or a file: address of SQLite, in which percent signs are read', async () => {
    const uri = `file:${file.replace(' ', '%20')}`
    for (const address of [
      file,
      uri,
      `${uri}?mode=ro`,
      `${file}?mode=ro`,
      `file://${file.replace(' ', '%20')}`,
      `${uri}?immutable=1&busy_timeout=5`
    ]) {
      assert.equal(await ask(address, 'SELECT a FROM t'), 'x', address)
    }
    await assert.rejects(ask(`${file}x`, 'SELECT 1'), /There is no SQLite database at .*a b\.dbx/)
  })

  void it('leaves the file as it is, whatever is asked for', async () => {
    const sum = (): string => createHash('sha256').update(readFileSync(file)).digest('hex')
    const before = sum()
    for (const parameters of [
      '',
      '?journal_mode=WAL',
      '?user_version=7&application_id=8&page_size=8192&synchronous=OFF'
    ]) {
      assert.equal(await ask(`${file}${parameters}`, 'SELECT a FROM t'), 'x')
      await assert.rejects(
        ask(`${file}${parameters}`, "INSERT INTO t VALUES ('y') RETURNING a"),
        /readonly|read-only/
      )
      assert.equal(sum(), before, parameters)
    }
    assert.deepEqual(readdirSync(folder), ['a b.db'])
  })

  void it('has properties win over the URL, as in sqlite-jdbc, and settings for its session', async () => {
    assert.equal(target(`${file}?busy_timeout=5`, { busy_timeout: '6' }).busyTimeoutMs, 6)
    assert.equal(target(`${file}?open_mode=1`).readOnly, true)
    assert.equal(target(`${file}?open_mode=6`).readOnly, false)
    assert.deepEqual(target(`${file}?cache_size=-10&case_sensitive_like=true`).pragmas, [
      'PRAGMA cache_size = -10',
      'PRAGMA case_sensitive_like = true'
    ])
    assert.equal(await ask(`${file}?case_sensitive_like=true`, "SELECT 'A' LIKE 'a'"), 0n)
    assert.equal(await ask(file, "SELECT 'A' LIKE 'a'"), 1n)
  })

  void it('is refused where it would mean something else', () => {
    mkdirSync(join(folder, 'd'))
    const cases: [address: string, why: RegExp][] = [
      ['', /a database in memory/],
      [':memory:', /a database in memory/],
      ['file::memory:?cache=shared', /a database in memory/],
      ['file:x?mode=memory', /a database in memory/],
      [':resource:x.db', /resources of a Java program/],
      [`${file}?immutable=1`, /begins with file:/],
      [`${file}?enable_load_extension=true`, /no native code is loaded/],
      [`${file}?date_precision=seconds`, /milliseconds since 1970/],
      [`${file}?cache_size=1;DROP`, /no word or number/],
      [`${file}?busy_timeout=soon`, /no whole number/],
      ['file:%zz', /percent sign/]
    ]
    for (const [address, why] of cases) {
      assert.throws(
        () => target(address),
        (error: Error) => error instanceof ConfigError && why.test(error.message),
        address
      )
    }
  })
})
