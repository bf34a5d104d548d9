import { configDef } from '../../config/config-def.ts'
import { Schema } from '../../data/schema.ts'
import { toJavaText } from '../../data/value-text.ts'
import { ConfigError, DataError } from '../../errors.ts'
import type { SchemaAndValue } from '../../plugin/converter.ts'
import { converterConfig, parseConverterConfig } from './converter-config.ts'
import { converterPlugins, type SyncConverter } from './header-converter.ts'

const stringConverterConfig = configDef({
  ...converterConfig,
  'converter.encoding': {
    type: 'string',
    default: 'UTF-8',
    importance: 'high',
    width: 'medium',
    displayName: 'Encoding',
    doc: 'Character set of the bytes: UTF-8, UTF-16LE, ISO-8859-1 or US-ASCII.'
  }
})

type Charset = 'utf8' | 'utf16le' | 'latin1' | 'ascii'
/** Java's names and aliases, in capitals without punctuation. */
const CHARSETS = new Map<string, Charset>([
  ['UTF8', 'utf8'],
  ['UTF16LE', 'utf16le'],
  ['ISO88591', 'latin1'],
  ['LATIN1', 'latin1'],
  ['USASCII', 'ascii'],
  ['ASCII', 'ascii']
])
const decoders = {
  utf8: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  utf16le: new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true })
}

/** Any value ↔ its text. Text that the character set cannot carry is an error (I5); Java would write `?`. */
class StringConverter implements SyncConverter {
  readonly #charset: Charset

  constructor(charset: Charset) {
    this.#charset = charset
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null
    const text = typeof value === 'string' ? value : toJavaText(schema, value)
    if (!fits(this.#charset, text)) {
      throw new DataError(`The text has characters that ${this.#charset} cannot represent`)
    }
    return Buffer.from(text, this.#charset)
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return {
      schema: Schema.OPTIONAL_STRING,
      value: bytes === null ? null : decode(this.#charset, bytes)
    }
  }
}

function charsetOf(name: string): Charset {
  const charset = CHARSETS.get(name.toUpperCase().replace(/[^A-Z0-9]/g, ''))
  if (charset !== undefined) return charset
  throw new ConfigError(
    `Invalid value ${name} for configuration converter.encoding: unsupported character set`
  )
}

function fits(charset: Charset, text: string): boolean {
  if (charset === 'latin1') return !/[\u0100-\uffff]/.test(text)
  if (charset === 'ascii') return !/[\u0080-\uffff]/.test(text)
  return text.isWellFormed()
}

function decode(charset: Charset, bytes: Uint8Array): string {
  if (charset === 'latin1' || charset === 'ascii') {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    if (fits(charset, text)) return text
    throw new DataError(`The bytes are not ${charset} text`)
  }
  try {
    return decoders[charset].decode(bytes)
  } catch (error) {
    throw new DataError(`The bytes are not ${charset} text`, { cause: error })
  }
}

export const [stringConverterPlugin, stringHeaderConverterPlugin] = converterPlugins(
  'org.apache.kafka.connect.storage.StringConverter',
  stringConverterConfig,
  (config, use) => {
    const settings = parseConverterConfig(stringConverterConfig, config, use)
    return new StringConverter(charsetOf(settings['converter.encoding']))
  }
)
