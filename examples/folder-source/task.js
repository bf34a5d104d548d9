import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DataError,
  NO_HEADERS,
  parseConfig,
  RetriableError,
  Schema,
  Struct,
  systemClock,
  timestampSchema
} from 'kafka-connect-node/plugin'
import { folderSourceConfig } from './config.js'

/** @import { ConfigMap, SourceRecord, SourceTask, SourceTaskContext } from 'kafka-connect-node/plugin' */

/** Files in one answer of `poll`. */
const BATCH = 20

// Once, and the same object for every record: converters keep an encoder per schema object.
const FILE = Schema.struct(
  [
    { name: 'name', schema: Schema.STRING },
    { name: 'size', schema: Schema.INT64 },
    { name: 'modified', schema: timestampSchema() },
    { name: 'text', schema: Schema.STRING }
  ],
  { name: 'com.example.File' }
)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @implements {SourceTask} */
export class FolderSourceTask {
  #config
  #context
  /** The same object for all records. */
  #partition
  /** Name of the last file that was read. */
  #last = ''

  /**
   * @param {ConfigMap} config
   * @param {SourceTaskContext} context
   */
  constructor(config, context) {
    this.#config = parseConfig(folderSourceConfig, config)
    this.#context = context
    this.#partition = { folder: this.#config.folder }
  }

  async start() {
    const [offset] = await this.#context.offsets.offsets([this.#partition])
    this.#last = String(offset?.['name'] ?? '')
  }

  /** @returns {Promise<SourceRecord[] | null>} */
  async poll() {
    const names = (await this.#names()).filter((name) => name > this.#last).sort()
    if (names.length === 0) {
      await systemClock.sleep(this.#config['poll.interval.ms'], this.#context.stopping)
      return null
    }
    const records = []
    for (const name of names.slice(0, BATCH)) {
      records.push(await this.#record(name))
      this.#last = name
    }
    return records
  }

  stop() {
    // No file stays open.
  }

  async #names() {
    const { folder } = this.#config
    try {
      const entries = await readdir(folder, { withFileTypes: true })
      this.#context.reportCondition(null)
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    } catch (cause) {
      this.#context.reportCondition(`The folder ${folder} cannot be read; trying again`)
      await systemClock.sleep(this.#config['poll.interval.ms'], this.#context.stopping)
      throw new RetriableError(`The folder ${folder} cannot be read`, { cause })
    }
  }

  /**
   * @param {string} name
   * @returns {Promise<SourceRecord>}
   */
  async #record(name) {
    const file = join(this.#config.folder, name)
    const { size, mtimeMs } = await stat(file)
    if (size > this.#config['max.file.bytes']) {
      throw new DataError(`${file} has ${size} bytes, more than max.file.bytes allows`)
    }
    const value = new Struct(FILE, [
      name,
      size,
      Math.floor(mtimeMs),
      textOf(await readFile(file), file)
    ])
    return {
      sourcePartition: this.#partition,
      sourceOffset: { name },
      topic: this.#config.topic,
      kafkaPartition: null,
      keySchema: Schema.STRING,
      key: name,
      valueSchema: FILE,
      value,
      timestamp: null,
      headers: NO_HEADERS
    }
  }
}

/**
 * Bytes that are no UTF-8 are an error: nothing is replaced silently.
 * @param {Uint8Array} bytes
 * @param {string} file
 */
function textOf(bytes, file) {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new DataError(`${file} is not UTF-8`, { cause })
  }
}
