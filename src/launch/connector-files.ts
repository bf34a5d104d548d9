import { readFile } from 'node:fs/promises'
import { decodeProperties, parseProperties } from '../config/properties.ts'
import { ConfigError } from '../errors.ts'
import type { InitialState } from '../herder/herder.ts'
import { connectorName } from '../settings/connector/connector-settings.ts'

/** A connector named on the command line of a standalone worker. */
interface ConnectorFile {
  readonly name: string
  readonly config: ReadonlyMap<string, string>
  readonly initialState: InitialState | null
}

/**
 * Reads a connector from a `.properties` file or from JSON: a flat map, or what `POST /connectors` takes
 * (`name`, `config`, `initial_state`; other fields are ignored). Throws ConfigError naming the file.
 */
export async function readConnectorFile(file: string): Promise<ConnectorFile> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new ConfigError(`Connector file ${file} cannot be read: ${(cause as Error).message}`, {
      cause
    })
  }
  const json = parseJson(bytes)
  const connector =
    json === undefined
      ? { name: '', config: parseProperties(decodeProperties(bytes)), initialState: null }
      : connectorOfJson(json, file)
  const name = connectorName(connector.config) ?? connector.name
  if (name.trim() === '') throw new ConfigError(`Connector file ${file} has no "name"`)
  return { ...connector, name: name.trim(), config: new Map([...connector.config, ['name', name]]) }
}

function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8').trim()
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // then it is read as .properties, as the JVM worker does
  }
}

function connectorOfJson(json: unknown, file: string): ConnectorFile {
  const fields = new Map(Object.entries(json as Record<string, unknown>))
  const nested = fields.get('config')
  if (typeof nested !== 'object' || nested === null) {
    return { name: '', config: stringMap(fields, file), initialState: null }
  }
  return {
    name: String(fields.get('name') ?? ''),
    config: stringMap(new Map(Object.entries(nested)), file),
    initialState: initialStateOf(fields.get('initial_state'), file)
  }
}

function stringMap(fields: ReadonlyMap<string, unknown>, file: string): Map<string, string> {
  const config = new Map<string, string>()
  for (const [key, value] of fields) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ConfigError(`Connector file ${file}: the value of "${key}" is not a text`)
    }
    config.set(key, String(value))
  }
  return config
}

function initialStateOf(value: unknown, file: string): InitialState | null {
  if (value === undefined || value === null) return null
  switch (String(value).toUpperCase()) {
    case 'RUNNING':
      return 'STARTED'
    case 'PAUSED':
      return 'PAUSED'
    case 'STOPPED':
      return 'STOPPED'
    default:
      throw new ConfigError(
        `Connector file ${file}: initial_state ${String(value)} is none of RUNNING, PAUSED, STOPPED`
      )
  }
}
