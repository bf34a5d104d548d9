import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../../clock.ts'
import { type ConfigMap, type Parsed, parseConfig } from '../../config/config-def.ts'
import { NO_HEADERS } from '../../data/headers.ts'
import type { SourcePartition, SourceRecord } from '../../data/record.ts'
import { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { SourceTask, SourceTaskContext } from '../../plugin/source.ts'
import { fileStreamSourceConfig } from './file-stream-source-config.ts'
import { LineSplitter } from './line-splitter.ts'
import { openStandardInput } from './standard-input.ts'

/** How long to wait for a file to appear, or to grow, before saying "nothing yet". */
const IDLE_WAIT_MS = 1000
const READ_BYTES = 65_536

/** The next bytes of the input; null when there are none, after waiting that long for some. */
type Read = (waitMs: number) => Promise<Uint8Array | null>

/**
 * One record per line; the source offset is the position behind it, in bytes. The JVM's task counts
 * characters there but skips bytes: the same for ASCII, and only bytes find the place again in other text.
 */
export class FileStreamSourceTask implements SourceTask {
  readonly #config: Parsed<typeof fileStreamSourceConfig>
  readonly #context: SourceTaskContext
  readonly #clock: Clock
  /** The same object for all records: offsets are looked up by identity first. */
  readonly #partition: SourcePartition
  #lines = new LineSplitter(0)
  #file: FileHandle | null = null
  #waiting = false
  /** Null until the input is open. */
  #read: Read | null = null

  /** Throws ConfigError. */
  constructor(config: ConfigMap, context: SourceTaskContext, clock: Clock) {
    this.#config = parseConfig(fileStreamSourceConfig, config)
    this.#context = context
    this.#clock = clock
    this.#partition = { filename: this.#config.file }
  }

  async poll(): Promise<SourceRecord[] | null> {
    this.#read ??= await this.#open()
    if (this.#read === null) {
      await this.#clock.sleep(IDLE_WAIT_MS, this.#context.stopping)
      return null
    }
    const records: SourceRecord[] = []
    while (records.length < this.#config['batch.size']) {
      const line = this.#lines.next()
      if (line !== null) {
        records.push(this.#record(line))
        continue
      }
      const bytes = await this.#read(records.length === 0 ? IDLE_WAIT_MS : 0)
      if (bytes === null) break
      this.#lines.push(bytes)
    }
    return records
  }

  async stop(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }

  async #open(): Promise<Read | null> {
    const { file: name } = this.#config
    if (!name) return openStandardInput(this.#clock, this.#context.stopping)
    let file: FileHandle
    try {
      file = await open(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      if (!this.#waiting) this.#context.log.warn(`Waiting for the file ${name} to be created`)
      this.#waiting = true
      return null
    }
    this.#file = file
    let position = await this.#storedPosition()
    this.#lines = new LineSplitter(position)
    const buffer = Buffer.alloc(READ_BYTES)
    return async (waitMs) => {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
      position += bytesRead
      if (bytesRead > 0) return buffer.subarray(0, bytesRead)
      await this.#clock.sleep(waitMs, this.#context.stopping)
      return null
    }
  }

  async #storedPosition(): Promise<number> {
    const [offset] = await this.#context.offsets.offsets([this.#partition])
    const position = offset?.['position'] ?? 0
    if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < 0) {
      throw new DataError(`The stored position in ${this.#config.file} is not a byte position`)
    }
    return position
  }

  #record({ text, end }: { text: string; end: number }): SourceRecord {
    return {
      sourcePartition: this.#partition,
      // Standard input cannot be read from a position.
      sourceOffset: { position: this.#config.file ? end : null },
      topic: this.#config.topic,
      kafkaPartition: null,
      keySchema: null,
      key: null,
      valueSchema: Schema.STRING,
      value: text,
      timestamp: this.#clock.now(),
      headers: NO_HEADERS
    }
  }
}
