import { type FileHandle, open } from 'node:fs/promises'
import { type ConfigMap, parseConfig } from '../../config/config-def.ts'
import type { SinkRecord } from '../../data/record.ts'
import { toJavaText } from '../../data/value-text.ts'
import { ConnectError } from '../../errors.ts'
import type { SinkTask } from '../../plugin/sink.ts'
import { fileStreamSinkConfig } from './file-stream-sink-config.ts'
import { writeStandardOutput } from './standard-output.ts'

/** Where lines go; durable once `flush` resolves. */
interface Output {
  write(text: string): Promise<void>
  flush(): Promise<void>
  close(): Promise<void>
}

/** One line per record: its value as Java prints it, `Struct{id=1,name=x}`. */
export class FileStreamSinkTask implements SinkTask {
  readonly #file: string | null
  #output: Output | null = null

  /** Throws ConfigError. */
  constructor(config: ConfigMap) {
    this.#file = parseConfig(fileStreamSinkConfig, config).file
  }

  async start(): Promise<void> {
    this.#output = this.#file ? await openFile(this.#file) : STANDARD_OUTPUT
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length === 0) return
    const lines = records.map(({ valueSchema, value }) => `${toJavaText(valueSchema, value)}\n`)
    await this.#output?.write(lines.join(''))
  }

  async flush(): Promise<void> {
    await this.#output?.flush()
  }

  async stop(): Promise<void> {
    await this.#output?.close()
    this.#output = null
  }
}

const STANDARD_OUTPUT: Output = {
  write: writeStandardOutput,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve()
}

async function openFile(name: string): Promise<Output> {
  let file: FileHandle
  try {
    file = await open(name, 'a')
  } catch (error) {
    throw new ConnectError(
      'INTERNAL',
      `Couldn't find or create file '${name}' for FileStreamSinkTask`,
      { cause: error }
    )
  }
  // A pipe or a device has nothing to sync.
  const isFile = (await file.stat()).isFile()
  return {
    write: (text) => file.appendFile(text),
    flush: () => (isFile ? file.datasync() : Promise.resolve()),
    close: () => file.close()
  }
}
