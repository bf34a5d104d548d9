import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'
import { type Client, codeOf, logOn } from './oracle-client.ts'
import { type OracleServer, type OracleServerOptions, startOracleServer } from './oracle-server.ts'

/** A server and a client of it, there while the tests of a `describe` run. */
export class LoggedOn {
  #server: OracleServer | null = null
  #client: Client | null = null

  /** To be called in a `describe`; every test is also one that no bug of the server was met. */
  constructor(options: OracleServerOptions = {}) {
    before(async () => {
      this.#server = await startOracleServer(options)
      this.#client = await logOn(this.#server)
    })
    after(async () => {
      await this.#client?.close()
      await this.#server?.stop()
    })
    afterEach(() => {
      this.server.control.clearFaults()
      assert.deepEqual(this.server.control.failures, [])
    })
  }

  get server(): OracleServer {
    if (this.#server === null) throw new Error('The server runs only while tests do')
    return this.#server
  }

  get client(): Client {
    if (this.#client === null) throw new Error('The client is there only while tests run')
    return this.#client
  }

  async rows(sql: string, binds: readonly unknown[] = []): Promise<unknown[][]> {
    return (await this.client.execute(sql, binds)).rows ?? []
  }

  /** The value of an expression. */
  async one(expression: string, binds: readonly unknown[] = []): Promise<unknown> {
    return (await this.rows(`SELECT ${expression} FROM DUAL`, binds))[0]?.[0]
  }

  /** The code a statement is refused with. */
  refused(sql: string): Promise<string> {
    return codeOf(this.client.execute(sql))
  }
}
