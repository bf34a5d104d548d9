import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMariaDb, startPostgres } from '../scripts/databases.ts'
import { startBroker } from '../scripts/kafka-broker.ts'
import { startSchemaRegistry } from '../scripts/schema-registry.ts'

/**
 * What a benchmark has around it: a folder, and servers, those of the environment where it names some, else
 * servers of its own. All of it is gone when the benchmark ends.
 */
export class Bench {
  readonly folder: string
  readonly #startedMs = performance.now()
  readonly #stops: (() => Promise<void> | void)[] = []

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'kafka-connect-node-bench-'))
    chmodSync(this.folder, 0o755)
    this.atEnd(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  /** Prints a line with the seconds since the start. */
  readonly say = (text: string): void => {
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1)
    console.log(`[${seconds.padStart(6)} s] ${text}`)
  }

  /** What ends last is said first. */
  atEnd(stop: () => Promise<void> | void): void {
    this.#stops.push(stop)
  }

  /** `host:port` of a Kafka broker. */
  async broker(): Promise<string> {
    const given = process.env['KAFKA_BOOTSTRAP']
    if (given !== undefined) return given
    this.say('Starting a Kafka broker …')
    const options = { ...this.#place('kafka'), heapMb: 1024, quickStart: false }
    const server = await startBroker(options)
    this.atEnd(() => server.stop())
    return server.bootstrap
  }

  /** The address of a schema registry. */
  async registry(): Promise<string> {
    const given = process.env['TEST_SCHEMA_REGISTRY_URL']
    if (given !== undefined) return given
    this.say('Starting a schema registry …')
    const { logTo, say } = this.#place('registry')
    const server = await startSchemaRegistry({ logTo, say })
    this.atEnd(() => server.stop())
    return server.url
  }

  async postgres(): Promise<string> {
    const given = process.env['TEST_POSTGRES_URL']
    if (given !== undefined) return given
    this.say('Starting PostgreSQL …')
    const settings = ['shared_buffers=512MB']
    const server = await startPostgres({ ...this.#place('postgres'), settings })
    this.atEnd(() => server.stop())
    return server.url
  }

  async mariaDb(): Promise<string> {
    const given = process.env['TEST_MYSQL_URL']
    if (given !== undefined) return given
    this.say('Starting MariaDB …')
    const server = await startMariaDb(this.#place('mariadb'))
    this.atEnd(() => server.stop())
    return server.url
  }

  async end(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop()
  }

  #place(name: string): { dir: string; logTo: string; say: (text: string) => void } {
    return { dir: join(this.folder, name), logTo: join(this.folder, `${name}.log`), say: this.say }
  }
}

/** Runs a benchmark; an error is printed, and makes the process end with 1. */
export async function runBench(main: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      void bench.end().finally(() => process.exit(130))
    })
  }
  try {
    await main(bench)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  } finally {
    await bench.end()
  }
}
