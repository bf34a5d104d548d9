import { constants } from 'node:fs'
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import { ConnectError } from '../errors.ts'
import { type Logger, loggers } from '../log.ts'
import { within } from '../wait.ts'
import {
  decodeJavaMap,
  encodeJavaMap,
  type JavaMapEntry,
  TruncatedFileError
} from './java-map-file.ts'
import { OffsetIndex } from './offset-index.ts'
import type { OffsetStore, StoredMap, StoredOffset } from './offset-store.ts'

/**
 * The offsets of a standalone worker in the file of `offset.storage.file.filename`, in the format of the JVM
 * worker: either kind of worker goes on with the other's file. Each write replaces the whole file, by way of
 * a temporary one beside it: a crash leaves the old or the new offsets, never half of them.
 */
export class FileOffsetStore implements OffsetStore {
  readonly #file: string
  readonly #clock: Clock
  readonly #log: Logger
  readonly #index: OffsetIndex
  #writes: Promise<void> = Promise.resolve()
  /** Counts writes: of offsets with two spellings the last written is the newest. */
  #time = 0

  constructor(file: string, clock: Clock, log?: Logger) {
    this.#file = file
    this.#clock = clock
    this.#log = log ?? loggers.get('org.apache.kafka.connect.storage.FileOffsetBackingStore')
    this.#index = new OffsetIndex(this.#log)
  }

  /**
   * A missing or truncated file counts as empty; one that holds something else is an error, lest it be
   * overwritten.
   */
  async start(): Promise<void> {
    for (const { key, value } of await this.#read()) {
      this.#index.apply({ key, value, timestamp: this.#time })
    }
  }

  async get(connector: string, partitions: readonly StoredMap[]): Promise<(StoredMap | null)[]> {
    return partitions.map((partition) => this.#index.get(connector, partition))
  }

  async all(connector: string): Promise<StoredOffset[]> {
    return this.#index.all(connector)
  }

  async set(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): Promise<void> {
    const records = this.#index.records(connector, offsets)
    this.#time += 1
    for (const record of records) this.#index.apply({ ...record, timestamp: this.#time })
    const write = this.#writes.then(() => this.#write())
    this.#writes = write.catch(() => undefined)
    await within(
      this.#clock,
      write,
      timeoutMs,
      () =>
        new ConnectError(
          'REQUEST_TIMED_OUT',
          `Writing the offset file ${this.#file} took longer than ${timeoutMs} ms`
        )
    )
  }

  async stop(): Promise<void> {
    await this.#writes
  }

  async #read(): Promise<JavaMapEntry[]> {
    try {
      return decodeJavaMap(await readFile(this.#file))
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return []
      if (error instanceof TruncatedFileError) {
        this.#log.warn(`The offset file ${this.#file} is truncated; starting without offsets`)
        return []
      }
      throw new ConnectError('INTERNAL', `The offset file ${this.#file} cannot be read`, {
        cause: error
      })
    }
  }

  async #write(): Promise<void> {
    // A link stays a link: the file behind it is replaced.
    const file = await realpath(this.#file).catch(() => this.#file)
    const temporary = `${file}.${process.pid}.tmp`
    try {
      const mode = await stat(file).then(
        (found) => found.mode & 0o777,
        () => 0o644
      )
      const { O_CREAT, O_TRUNC, O_WRONLY } = constants
      const handle = await open(temporary, O_CREAT | O_TRUNC | O_WRONLY, mode)
      try {
        await handle.writeFile(encodeJavaMap([...this.#index.entries()]))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
      await syncFolder(dirname(file))
    } catch (error) {
      await rm(temporary, { force: true })
      throw new ConnectError('INTERNAL', `The offset file ${this.#file} cannot be written`, {
        cause: error
      })
    }
  }
}

/** Makes the rename itself durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
