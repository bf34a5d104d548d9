import { readFile } from 'node:fs/promises'
import type { ConfigMap } from '../config/config-def.ts'
import { decodeProperties, parseProperties } from '../config/properties.ts'
import { ConfigError, messageOf } from '../errors.ts'

/** Properties of the worker file, overridden. An empty file name means overrides only. */
export async function workerProperties(
  file: string,
  overrides: ConfigMap
): Promise<Map<string, string>> {
  if (file === '') return new Map(overrides)
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new ConfigError(`Worker file ${file} cannot be read: ${(cause as Error).message}`, {
      cause
    })
  }
  try {
    return new Map([...parseProperties(decodeProperties(bytes)), ...overrides])
  } catch (cause) {
    throw new ConfigError(`Worker file ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
