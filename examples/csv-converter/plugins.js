const { configDef, DataError, parseConfig, Schema, Struct } = require('kafka-connect-node/plugin')

/** @import { Converter, ConverterPlugin } from 'kafka-connect-node/plugin' */

const config = configDef({
  delimiter: {
    type: 'string',
    default: ',',
    importance: 'medium',
    doc: 'Character between two fields.',
    check: (/** @type {string} */ value) =>
      value.length === 1 && !'"\r\n'.includes(value) ? null : 'must be one character, and no quote'
  }
})

const CARRIED = ['string', 'boolean', 'int8', 'int16', 'int32', 'int64', 'float32', 'float64']
const LINE = Schema.array(Schema.OPTIONAL_STRING, { optional: true })

/** @implements {Converter} */
class CsvConverter {
  #delimiter
  #special
  /** @type {WeakSet<Schema>} */
  #checked = new WeakSet()

  /** @param {string} delimiter */
  constructor(delimiter) {
    this.#delimiter = delimiter
    this.#special = new RegExp(`["\\r\\n${RegExp.escape(this.#delimiter)}]`)
  }

  /**
   * @param {string} topic
   * @param {Schema | null} schema
   * @param {unknown} value
   */
  fromConnectData(topic, schema, value) {
    if (value === null || value === undefined) return null
    if (schema === null || !(value instanceof Struct)) {
      throw new DataError(`CsvConverter takes structs only, not what was sent to ${topic}`)
    }
    // Per schema, not per record.
    if (!this.#checked.has(schema)) this.#check(topic, schema)
    return Buffer.from(value.values.map((field) => this.#text(field)).join(this.#delimiter))
  }

  /**
   * @param {string} topic
   * @param {Uint8Array | null} bytes
   */
  toConnectData(topic, bytes) {
    return {
      schema: LINE,
      value: bytes === null ? null : this.#fields(topic, Buffer.from(bytes).toString())
    }
  }

  /**
   * @param {string} topic
   * @param {Schema} schema
   */
  #check(topic, schema) {
    for (const field of schema.fields) {
      if (!CARRIED.includes(field.schema.type)) {
        throw new DataError(
          `CsvConverter cannot carry the field ${field.name} of ${topic}: it is of type ${field.schema.type}`
        )
      }
    }
    this.#checked.add(schema)
  }

  /** @param {unknown} field */
  #text(field) {
    if (field === null || field === undefined) return ''
    const text = String(field)
    return text === '' || this.#special.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }

  /**
   * @param {string} topic
   * @param {string} line
   */
  #fields(topic, line) {
    const fields = []
    let rest = line
    for (;;) {
      const quoted = rest.startsWith('"') ? /^"((?:[^"]|"")*)"/.exec(rest) : null
      const end = quoted === null ? rest.indexOf(this.#delimiter) : quoted[0].length
      const raw = end < 0 ? rest : rest.slice(0, end)
      if (quoted === null && raw.includes('"')) throw new DataError(`No line of CSV in ${topic}`)
      fields.push(quoted === null ? raw || null : (quoted[1] ?? '').replaceAll('""', '"'))
      if (end < 0 || end === rest.length) return fields
      if (rest[end] !== this.#delimiter) throw new DataError(`No line of CSV in ${topic}`)
      rest = rest.slice(end + 1)
    }
  }
}

/** @type {ConverterPlugin} */
const csvConverter = {
  type: 'converter',
  className: 'com.example.CsvConverter',
  version: '1.0.0',
  config,
  create: (map) => new CsvConverter(parseConfig(config, map).delimiter)
}

module.exports = { plugins: [csvConverter] }
