import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { postgresDialect } from '../../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import {
  type PostgresTarget,
  postgresTarget
} from '../../../../../src/connectors/jdbc/dialects/postgres/target.ts'
import { postgresAddresses } from '../../../../../src/connectors/jdbc/dialects/postgres/url.ts'
import { ConfigError } from '../../../../../src/errors.ts'
import { postgresUrl, uniqueName } from '../../../../support/environment.ts'
import { type DialectTarget, openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type SilentServer, silentServer } from '../../../../support/silent-server.ts'

const addresses = (url: string, target: Omit<DialectTarget, 'url'> = {}) =>
  postgresAddresses(openOptions(postgresDialect, { url: `jdbc:postgresql:${url}`, ...target }))
const target = (url: string): PostgresTarget =>
  postgresTarget(openOptions(postgresDialect, { url: `jdbc:postgresql:${url}` }))

void describe('An address of PostgreSQL', () => {
  // Each as `org.postgresql.Driver.parseURL` of 42.7.14 answers it, but that pgjdbc wants the slash behind
  // the hosts.
  const me = userInfo().username
  const understood: [url: string, hosts: string, database: string][] = [
    ['//h:1/d', 'h:1', 'd'],
    ['//h1,h2:5,[::1]:7/d+e%20f', 'h1:5432 h2:5 ::1:7', 'd e f'],
    ['d', 'localhost:5432', 'd'],
    ['', 'localhost:5432', me],
    ['///d', 'localhost:5432', 'd'],
    ['//h/', 'h:5432', me],
    ['//h', 'h:5432', me],
    ['//H_x.Y/D', 'H_x.Y:5432', 'D'],
    ['//h, k/d', 'h:5432 k:5432', 'd'],
    ['//h/d?user=u;v', 'h:5432', 'd'],
    ['//h/d?PGHOST=x&PGPORT=3&PGDBNAME=k', 'x:3', 'k'],
    ['//h/d?host=x&port=3&dbname=k', 'x:3', 'k'],
    ['?user=u', 'localhost:5432', 'u']
  ]
  for (const [url, hosts, database] of understood) {
    void it(`jdbc:postgresql:${url} is ${hosts} and ${database === me ? 'a database named as the user' : database}`, () => {
      const found = addresses(url)
      assert.deepEqual(
        found.hosts.map(({ host, port }) => `${host}:${port}`),
        hosts.split(' ')
      )
      assert.equal(found.database, database)
    })
  }

  const refused: [url: string, why: RegExp][] = [
    ['/', /two slashes stand before the host/],
    ['/d', /two slashes stand before the host/],
    ['//h:99999/d', /port 99999 does not exist/],
    ['//h:0/d', /port 0 does not exist/],
    ['//::1/d', /an IPv6 address stands in brackets/],
    ['//[::1/d', /an IPv6 address stands in brackets/],
    ['//h/d/e', /too many slashes/],
    ['//h/d?a=%zz', /a percent sign itself is written %25/],
    ['//h/d?service=prod', /connection service file is not read/],
    ['//h/d?sslmode=', /sslmode is none of disable, allow/],
    ['//h/d?targetServerType=nonsense', /targetServerType is none of any, primary, master/],
    ['//h/d?connectTimeout=soon', /connectTimeout is no whole number/]
  ]
  for (const [url, why] of refused) {
    void it(`jdbc:postgresql:${url} is refused`, () => {
      assert.throws(
        () => target(url),
        (error: Error) => error instanceof ConfigError && why.test(error.message)
      )
    })
  }

  void it('is read as pgjdbc reads it: the URL wins over every property, and a plus is a blank', () => {
    const { user, password, properties } = addresses(
      '//h/d?user=a+b&password=p%2B+q&options=-c+x%3D1',
      {
        user: 'U',
        password: 'P',
        properties: { options: '-c y=2', ApplicationName: 'other' }
      }
    )
    assert.deepEqual([user, password], ['a b', 'p+ q'])
    assert.equal(properties.text('options'), '-c x=1')
    assert.equal(properties.text('ApplicationName'), 'other')
    const own = addresses('//h/d', { user: 'U', password: 'P+', properties: { PGHOST: 'x' } })
    assert.deepEqual([own.user, own.password, own.hosts[0]?.host], ['U', 'P+', 'h'])
  })

  void it('I7: shows nothing of its password in any message', () => {
    for (const secret of [
      'ab,cdEF',
      'ab;cdEF',
      'ab)cdEF',
      "ab'cdEF",
      'ab cdEF',
      'ab}cdEF',
      'ab]cdEF',
      'ab&cdEF',
      'ab%cdEF'
    ]) {
      for (const url of [
        `//127.0.0.1:99999/db?user=u&password=${secret}`,
        `//u:${secret}@h:99999/db`,
        `//h:1/d?sslpassword=${secret}&sslmode=x`
      ]) {
        assert.throws(
          () => target(url),
          (error: Error) => error instanceof ConfigError && !/cdEF/.test(error.message),
          url
        )
      }
    }
  })
})

void describe('A session with PostgreSQL', () => {
  const { hostname, port, username, password } = new URL(postgresUrl())
  const database = uniqueName('addresses').replaceAll('-', '_')
  const closing: (() => Promise<unknown>)[] = []
  let silent: SilentServer
  const open = async (
    hosts: string,
    parameters = '',
    over: { timeoutMs?: number; properties?: Record<string, string> } = {}
  ): Promise<Connection> => {
    const url = `jdbc:postgresql://${hosts}/${database}?sslmode=disable${parameters}`
    const { timeoutMs = 5000, properties = {} } = over
    const connection = await postgresDialect.open(
      openOptions(postgresDialect, { url, user: username, password, properties }, { timeoutMs })
    )
    closing.push(() => connection.close())
    return connection
  }
  const here = `${hostname}:${port}`
  const ask = async (connection: Connection, sql: string): Promise<unknown> =>
    (await rowsOf(connection, sql))[0]?.[0]

  before(async () => {
    silent = await silentServer()
    const client = new pg.Client(postgresUrl())
    await client.connect()
    await client.query(`CREATE DATABASE ${database}`)
    await client.end()
  })
  after(async () => {
    for (const close of closing) await close()
    await silent.close()
    const client = new pg.Client(postgresUrl())
    await client.connect()
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await client.end()
  })

  void it('I8: is opened on the next host when one does not answer, within the limit', async () => {
    const hole = `127.0.0.1:${silent.port}`
    await open(`${hole},${here}`, '', { timeoutMs: 2000 })
    await open(`${hole},${hole},${here}`, '&connectTimeout=1', { timeoutMs: 60_000 })
    await open(`127.0.0.1:1,${here}`)
    await assert.rejects(open(`${hole},127.0.0.1:1`, '', { timeoutMs: 500 }), (error: Error) =>
      /:\d+\/addresses\S+: no answer in \d+ ms; .*127\.0\.0\.1:1\/.*ECONNREFUSED/.test(
        error.message
      )
    )
    await assert.rejects(
      open(hole, '&loginTimeout=1', { timeoutMs: 60_000 }),
      /no answer in 1000 ms/
    )
  })

  void it('takes nothing from the environment, which a JDBC driver does not know', async () => {
    const variables = {
      PGOPTIONS: '-c search_path=other -c statement_timeout=1234',
      PGREPLICATION: 'database',
      PGHOST: '203.0.113.1',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGPASSWORD: 'wrong',
      PGDATABASE: 'nothing',
      PGSSLMODE: 'verify-full',
      PGSSLNEGOTIATION: 'nonsense',
      PGAPPNAME: 'other',
      PGTZ: 'Asia/Tokyo',
      PGCLIENTENCODING: 'LATIN1'
    }
    Object.assign(process.env, variables)
    try {
      const connection = await open(here)
      assert.deepEqual(
        await rowsOf(
          connection,
          "SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('application_name'), current_setting('client_encoding'), current_setting('TimeZone')"
        ),
        [['"$user", public', '0', 'kafka-connect-node', 'UTF8', 'UTC']]
      )
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name]
    }
  })

  void it('has its options, schema, name and read-only mode', async () => {
    const connection = await open(
      here,
      '&options=-c+statement_timeout=4321+-c+bytea_output=escape&currentSchema=%22a+b%22&ApplicationName=my+app&readOnly=true'
    )
    assert.deepEqual(
      await rowsOf(
        connection,
        "SELECT current_setting('statement_timeout'), current_setting('search_path'), current_setting('application_name'), current_setting('transaction_read_only'), '\\x00ff'::bytea"
      ),
      [['4321ms', '"a b"', 'my app', 'on', '\\x00ff']]
    )
  })

  void it('is opened on a server of the wanted role', async () => {
    const standby = new pg.Client(postgresUrl())
    await standby.connect()
    const readOnly = `${database}_ro`
    await standby.query(`CREATE DATABASE ${readOnly}`)
    await standby.query(`ALTER DATABASE ${readOnly} SET default_transaction_read_only = on`)
    try {
      // As for pgjdbc, a server that lets nobody write is a secondary.
      const roleOf = async (type: string, base: string): Promise<void> => {
        const url = `jdbc:postgresql://${here}/${base}?targetServerType=${type}`
        const connection = await postgresDialect.open(
          openOptions(postgresDialect, { url, user: username, password })
        )
        await connection.close()
      }
      for (const type of [
        'primary',
        'master',
        'preferSecondary',
        'preferSlave',
        'preferPrimary',
        'any'
      ])
        await roleOf(type, database)
      for (const type of ['secondary', 'slave', 'preferPrimary', 'preferSecondary', 'any'])
        await roleOf(type, readOnly)
      for (const type of ['primary', 'MASTER']) {
        await assert.rejects(
          roleOf(type, readOnly),
          /is no primary, which targetServerType=(primary|master) asks for/
        )
      }
      await assert.rejects(roleOf('secondary', database), /is no secondary/)
    } finally {
      await standby.query(`DROP DATABASE ${readOnly} WITH (FORCE)`)
      await standby.end()
    }
  })

  void it('lists no table the user may do nothing with, where that is asked for', async () => {
    const role = `${database}_reader`
    const owner = await open(here)
    await owner.close()
    const client = new pg.Client({
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database
    })
    await client.connect()
    await client.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; CREATE TABLE mine (a int); CREATE TABLE theirs (a int); GRANT SELECT ON mine TO ${role}`
    )
    try {
      for (const [parameters, expected] of [
        ['', ['mine', 'theirs']],
        ['&hideUnprivilegedObjects=true', ['mine']]
      ] as const) {
        const url = `jdbc:postgresql://${here}/${database}?sslmode=disable${parameters}`
        const connection = await postgresDialect.open(
          openOptions(postgresDialect, { url, user: role, password: 'x' })
        )
        const found = await connection.listTables({
          catalogPattern: null,
          schemaPattern: 'public',
          types: ['TABLE'],
          names: null
        })
        assert.deepEqual(
          found.map(({ table }) => table),
          expected
        )
        await connection.close()
      }
    } finally {
      await client.query(`DROP TABLE mine, theirs; DROP ROLE ${role}`)
      await client.end()
    }
  })

  void it('proves itself only in the ways that are allowed', async () => {
    for (const allowed of ['scram-sha-256', 'md5,scram-sha-256', '!password,!md5'])
      await open(here, `&requireAuth=${allowed}`)
    for (const other of ['md5', 'none', '!scram-sha-256', 'gss']) {
      await assert.rejects(
        open(here, `&requireAuth=${other}`),
        /asks for the authentication scram-sha-256, which requireAuth does not allow/
      )
    }
    await assert.rejects(open(here, '&requireAuth=md5,!none'), /requireAuth is a list of/)
    await assert.rejects(
      open(here, '&channelBinding=require'),
      /does not bind the password to its certificate/
    )
  })

  void it('I7: gives no password to a server that asks for it in clear where that is not allowed', async () => {
    // AuthenticationCleartextPassword, to the startup packet.
    const asking = await silentServer((_, socket) =>
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    )
    try {
      const url = `jdbc:postgresql://127.0.0.1:${asking.port}/d?sslmode=disable&requireAuth=scram-sha-256&password=Hush-Hush-1`
      await assert.rejects(
        postgresDialect.open(openOptions(postgresDialect, { url, user: username })),
        /asks for the authentication password/
      )
      assert.equal(asking.received.length, 1)
      assert.ok(!Buffer.concat(asking.received.flat()).includes('Hush'))
    } finally {
      await asking.close()
    }
  })

  void it('I7: is not tried without encryption when encrypting failed', async () => {
    // Yes to the question for TLS, and then no TLS.
    const broken = await silentServer((bytes, socket) =>
      socket.write(bytes.length === 8 ? 'S' : 'nonsense, nonsense')
    )
    try {
      const url = `jdbc:postgresql://127.0.0.1:${broken.port}/d?sslmode=prefer`
      await assert.rejects(
        postgresDialect.open(
          openOptions(postgresDialect, { url, user: username, password }, { timeoutMs: 2000 })
        )
      )
      assert.equal(broken.received.length, 1)
    } finally {
      await broken.close()
    }
  })

  void it('says what is wrong with a query and goes on', async () => {
    const connection = await open(here)
    await assert.rejects(
      connection.describeQuery('SELECT * FROM nothing'),
      /relation "nothing" does not exist/
    )
    assert.equal(await ask(connection, 'SELECT 1'), '1')
    assert.ok(Math.abs((await connection.now()).ms - Date.now()) < 60_000)
  })
})
