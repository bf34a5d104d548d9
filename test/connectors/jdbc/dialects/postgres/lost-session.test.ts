import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { postgresDialect } from '../../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { isRetriable } from '../../../../../src/errors.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { createPostgresDatabase } from '../../../../support/postgres-database.ts'

/** The last messages of a cursor that is at its end, or is left: Close of a portal, then Sync. */
function endsCursor(bytes: Buffer): boolean {
  return bytes[0] === 'C'.charCodeAt(0) && bytes[5] === 'P'.charCodeAt(0)
}

/** A session whose server is gone at the moment at which a cursor is being ended. */
async function endingSession(t: TestContext) {
  const db = await createPostgresDatabase()
  t.after(() => db.close())
  const { hostname, port } = new URL(db.config['connection.url'].slice('jdbc:'.length))
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) })
    client.on('data', (bytes: Buffer) => {
      if (endsCursor(bytes)) for (const socket of [client, upstream]) socket.destroy()
      else upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => client.write(bytes))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => [client, upstream].forEach((each) => each.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = await postgresDialect.open(
    openOptions(postgresDialect, {
      url: `jdbc:postgresql://${address}/${db.name}`,
      user: db.config['connection.user'],
      password: db.config['connection.password']
    })
  )
  t.after(() => connection.close())
  return connection
}

describe('a session of PostgreSQL that ends while a cursor is being ended', () => {
  it('I8: is an error that may pass for who waits for the last rows', {
    timeout: 180_000
  }, async (t) => {
    const connection = await endingSession(t)
    await assert.rejects(
      connection.query('SELECT 1 AS id', [], { fetchRows: 10, table: null }),
      (error) => isRetriable(error)
    )
  })

  it('I8: is an error that may pass for who leaves a query', { timeout: 180_000 }, async (t) => {
    const connection = await endingSession(t)
    const stream = await connection.query('SELECT generate_series(1, 1000) AS id', [], {
      fetchRows: 10,
      table: null
    })
    await assert.rejects(stream.close(), (error) => isRetriable(error))
  })
})
