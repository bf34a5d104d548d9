import { floatToString } from '../../../data/java-numbers.ts'
import { Decimal } from '../../../data/logical-types.ts'
import type { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { kindOf } from '../../../data/values.ts'
import { type Meaning, meaningOf, meaningOfValue } from './meanings.ts'
import { misfit } from './misfit.ts'
import { numberText } from './numbers.ts'
import { timeText } from './times.ts'

/**
 * Any value as JSON: numbers with all their digits, dates and times as ISO texts, bytes in base64, a map
 * whose keys are no strings as a list of pairs. Throws a misfit for what JSON does not know: NaN, lone
 * surrogates.
 */
export function jsonText(schema: Schema | null, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Struct) return structText(value)
  if (value instanceof Map) return mapText(schema, value as Map<unknown, unknown>)
  const meaning = schema === null ? meaningOfValue(value) : meaningOf(schema)
  return scalarText(meaning, value)
}

function structText(value: Struct): string {
  const meaning = meaningOf(value.schema)
  if (meaning.kind === 'decimal') return (meaning.read(value) as Decimal).toString()
  const fields = value.schema.fields.map(({ name, index, schema }) => {
    const own = value.values[index] ?? schema.defaultValue ?? null
    return `${stringText(name)}:${jsonText(schema, own)}`
  })
  return `{${fields.join(',')}}`
}

function mapText(schema: Schema | null, map: ReadonlyMap<unknown, unknown>): string {
  const [keys, values] = [schema?.keySchema ?? null, schema?.valueSchema ?? null]
  const entries = [...map]
  if (entries.every(([key]) => typeof key === 'string')) {
    const fields = entries.map(
      ([key, value]) => `${stringText(key as string)}:${jsonText(values, value)}`
    )
    return `{${fields.join(',')}}`
  }
  const pairs = entries.map(([key, value]) => `[${jsonText(keys, key)},${jsonText(values, value)}]`)
  return `[${pairs.join(',')}]`
}

function scalarText(meaning: Meaning, value: unknown): string {
  if (meaning.kind === 'string') {
    return stringText(meaning.read(value) as string)
  }
  if (meaning.kind === 'bytes') {
    return `"${Buffer.from(meaning.read(value) as Uint8Array).toString('base64')}"`
  }
  if (meaning.kind === 'bits') {
    return `"${meaning.read(value) as string}"`
  }
  if (meaning.kind === 'array') {
    return `[${meaning
      .read(value)
      .map((item) => jsonText(meaning.element, item))
      .join(',')}]`
  }
  if (meaning.kind === 'float') {
    return floatText(meaning.read(value), meaning.bits)
  }
  if (meaning.kind === 'nested' || meaning.kind === 'geometry') {
    return objectText(value)
  }
  const number = numberText(meaning)
  if (number !== null) return number(value)
  return `"${timeText(meaning)?.(value) ?? ''}"`
}

function floatText(value: number, bits: 32 | 64): string {
  if (!Number.isFinite(value)) throw misfit(`JSON knows no ${value}`)
  return bits === 32
    ? floatToString(Math.fround(value))
    : Object.is(value, -0)
      ? '-0.0'
      : String(value)
}

/** Objects of JSON without a schema. */
function objectText(value: unknown): string {
  if (typeof value !== 'object' || value === null) throw misfit(`it is ${kindOf(value)}`)
  const fields = Object.entries(value).map(
    ([name, item]) => `${stringText(name)}:${jsonText(null, item)}`
  )
  return `{${fields.join(',')}}`
}

function stringText(text: string): string {
  if (!text.isWellFormed()) throw misfit('it has half a surrogate pair, which is no character')
  return JSON.stringify(text)
}
