import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type OracleServer, startOracleServer } from '../test/support/oracle/oracle-server.ts'
import type { DemoOrder, DemoShop } from './demo-shop.ts'

const scripts = resolve(import.meta.dirname, '..', 'sql', 'oracle')

/**
 * The sample tables and the connector's account of sql/oracle on the server the tests use, in this process.
 * It speaks Oracle's protocol to Oracle's driver, but is no Oracle Database: it keeps everything in memory
 * and understands no triggers, so that changes set UPDATED_AT themselves.
 */
export class OracleShop implements DemoShop {
  readonly introduction: string
  readonly place: string
  readonly kind = 'Oracle'
  readonly connectorFile = 'worker-config/jdbc-source-oracle.json'
  readonly connectionUrl: string
  readonly topics = ['shop.CUSTOMERS', 'shop.ORDERS'] as const
  readonly idColumn = 'ID'
  readonly amountColumn = 'AMOUNT'
  readonly #server: OracleServer
  #changes = 0

  /** Starts the server and fills it. */
  static async start(): Promise<OracleShop> {
    const server = await startOracleServer({
      user: 'SHOP',
      password: 'change-me',
      service: 'FREEPDB1'
    })
    try {
      for (const script of globSync('*.sql', { cwd: scripts }).sort()) {
        const statements = sqlPlusStatements(readFileSync(resolve(scripts, script), 'utf8'))
        await server.control.execute(statements.filter((one) => !isTrigger(one)))
      }
      const count = async (table: string): Promise<string> =>
        (await server.control.execute(`SELECT COUNT(*) FROM ${table}`))[0]?.[0] ?? '0'
      return new OracleShop(server, await count('customers'), await count('orders'))
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  private constructor(server: OracleServer, customers: string, orders: string) {
    this.#server = server
    this.place = `a test server on ${server.connectString} (not an Oracle Database)`
    this.connectionUrl = `jdbc:oracle:thin:@//${server.connectString}`
    this.introduction =
      "NOT an Oracle Database, but this project's own test server, which speaks Oracle's protocol\n" +
      `          It listens on ${server.connectString}, forgets everything at the end, and has ${customers} customers and ${orders} orders\n` +
      '          (sql/oracle/ without its triggers, which it does not understand: the demo sets UPDATED_AT itself)'
  }

  async orders(): Promise<DemoOrder[]> {
    const rows = await this.#server.control.execute(
      'SELECT id, status, amount, note FROM orders ORDER BY id'
    )
    return rows.map(([id, status, amount, note = null]) => ({
      id: Number(id),
      status: String(status),
      amount: Number(amount),
      note
    }))
  }

  async change(): Promise<void> {
    this.#changes += 1
    if (this.#changes % 3 === 0) {
      await this.#server.control.execute(
        "UPDATE orders SET status = 'paid', updated_at = SYS_EXTRACT_UTC(SYSTIMESTAMP) " +
          "WHERE id = (SELECT MIN(id) FROM orders WHERE status = 'new')"
      )
      return
    }
    const amount = (1 + Math.random() * 100).toFixed(2)
    await this.#server.control.execute(
      `INSERT INTO orders (customer_id, amount, note) VALUES (${1 + (this.#changes % 3)}, ${amount}, 'demo')`
    )
  }

  async close(): Promise<void> {
    await this.#server.stop()
  }
}

/**
 * Statements of a script as SQL*Plus finds them: to a semicolon at the end of a line, and with PL/SQL in them
 * to a line with a slash.
 */
function sqlPlusStatements(script: string): string[] {
  const statements: string[] = []
  let lines: string[] = []
  for (const line of script.split(/\r?\n/)) {
    if (line.trim() === '' || line.trimStart().startsWith('--')) continue
    const isEnd = isTrigger(lines[0] ?? line) ? line.trim() === '/' : line.trimEnd().endsWith(';')
    lines.push(line)
    if (!isEnd) continue
    statements.push(lines.join('\n').replace(/[;/]\s*$/, ''))
    lines = []
  }
  return statements
}

function isTrigger(statement: string): boolean {
  return /^CREATE OR REPLACE TRIGGER\b/i.test(statement)
}
