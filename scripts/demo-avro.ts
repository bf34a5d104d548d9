import { resolve } from 'node:path'
import avro from 'avsc'
import { startSchemaRegistry } from './schema-registry.ts'

/** Values of the demo as Avro: the registry, what the worker has to be told, and how they are read back. */
export class AvroValues {
  /** Keys of the worker file. */
  readonly workerKeys: Readonly<Record<string, string>>
  readonly #url: string
  readonly #stop: () => Promise<void>
  readonly #types = new Map<number, avro.Type>()

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url
    this.#stop = stop
    this.workerKeys = {
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': url
    }
  }

  static async start(folder: string, say: (text: string) => void): Promise<AvroValues> {
    const given = process.env['TEST_SCHEMA_REGISTRY_URL']
    if (given !== undefined) {
      say(`Schema registry: using ${given} (TEST_SCHEMA_REGISTRY_URL)`)
      return new AvroValues(given, () => Promise.resolve())
    }
    say('Schema registry: starting one, which keeps everything in memory …')
    const server = await startSchemaRegistry({ logTo: resolve(folder, 'registry.log'), say })
    say(`Schema registry: curl ${server.url}/subjects`)
    return new AvroValues(server.url, () => server.stop())
  }

  /** A record as JSON, read with the schema its id names, by avsc. `latin1`: its bytes, one a character. */
  async text(latin1: string): Promise<string> {
    const data = Buffer.from(latin1, 'latin1')
    const id = data.readInt32BE(1)
    let type = this.#types.get(id)
    if (type === undefined) {
      const answer = await fetch(`${this.#url}/schemas/ids/${id}`, {
        signal: AbortSignal.timeout(5000)
      })
      const { schema } = (await answer.json()) as { schema: string }
      type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
      this.#types.set(id, type)
    }
    return type.toString(type.fromBuffer(data.subarray(5)))
  }

  close(): Promise<void> {
    return this.#stop()
  }
}
