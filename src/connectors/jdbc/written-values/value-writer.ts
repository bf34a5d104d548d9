import type { Schema } from '../../../data/schema.ts'
import { kindOf, typeName } from '../../../data/values.ts'
import { DataError } from '../../../errors.ts'
import type { TargetColumn, TargetType } from '../database/writing.ts'
import {
  type EpochDigits,
  epochMeaning,
  type Meaning,
  meaningOf,
  meaningOfValue
} from './meanings.ts'
import { type Fit, type Fitting, misfit, roomOf } from './misfit.ts'
import { bitsFit, booleanFit, decimalFit, floatFit, integerFit } from './numbers.ts'
import type { ExcessRules } from './rounding.ts'
import { bytesFit, enumFit, jsonFit, type Origin, otherFit, stringFit, uuidFit } from './texts.ts'
import { dateFit, timeAsMs, timeFit, timestampFit, type TimeRules } from './times.ts'

/** How values are written, of all columns. */
export interface WrittenValueRules extends TimeRules, ExcessRules {
  /** `replace.null.with.default` */
  readonly nullBecomesDefault: boolean
  /** `nested.values=json` */
  readonly nestsAsJson: boolean
}

/** Values of one field on their way to one column. */
export interface ValueWriter {
  /**
   * The value in the form of the column ({@link TargetType}), null for NULL. undefined: the column is to be
   * left out of the row, which keeps what it has, or gets its default. Throws DataError with `column` among
   * its facts; its message names column and types, and never the value (I7).
   */
  write(value: unknown): unknown
  /** Why no value but null ever fits, for people; null: some do. */
  readonly neverFits: string | null
}

/**
 * What brings values of a schema into the form of a column, made once for both. `schema` null: the values
 * have none, and each is taken for what it is. `epoch`: the field is in `timestamp.fields.list`, and counts
 * units of so many digits behind the second.
 */
export function valueWriter(
  schema: Schema | null,
  column: TargetColumn,
  rules: WrittenValueRules,
  epoch: EpochDigits | null = null
): ValueWriter {
  const fitting = fittingOf(schema, column.type, rules, epoch)
  const neverFits = typeof fitting === 'string' ? refusal(schema, column, fitting) : null
  const fit = typeof fitting === 'string' ? never(fitting) : fitting
  const defaultValue = rules.nullBecomesDefault ? (schema?.defaultValue ?? null) : null
  return {
    neverFits,
    write(given) {
      const value = given ?? defaultValue
      if (value === null || value === undefined) return writtenNull(column)
      if (isUnavailable(value)) return undefined
      try {
        return fit(value)
      } catch (error) {
        throw named(error, schema, column, value)
      }
    }
  }
}

/** What Debezium sends for a value that its database did not give it. */
const UNAVAILABLE = '__debezium_unavailable_value'
const UNAVAILABLE_BYTES = Buffer.from(UNAVAILABLE)

function isUnavailable(value: unknown): boolean {
  if (typeof value === 'string') return value === UNAVAILABLE
  return value instanceof Uint8Array && UNAVAILABLE_BYTES.equals(value)
}

function writtenNull(column: TargetColumn): null | undefined {
  if (column.isNullable) return null
  if (column.hasDefault || column.identity !== null) return undefined
  const { name } = column
  throw new DataError(`Column ${name} takes no null and has no default, and the value is null`, {
    column: name,
    room: { kind: 'null' }
  })
}

function never(reason: string): Fit {
  return () => {
    throw misfit(reason)
  }
}

function refusal(schema: Schema | null, { name, databaseType }: TargetColumn, why: string): string {
  const from = schema === null ? 'a value' : typeName(schema)
  return `Column ${name} (${databaseType}) cannot take ${from}: ${why}`
}

function named(
  error: unknown,
  schema: Schema | null,
  column: TargetColumn,
  value: unknown
): unknown {
  if (!(error instanceof DataError)) return error
  const from = schema === null ? kindOf(value) : typeName(schema)
  const { name, databaseType } = column
  return new DataError(
    `Column ${name} (${databaseType}) cannot take this ${from}: ${error.message}`,
    { column: name, room: roomOf(error) }
  )
}

function fittingOf(
  schema: Schema | null,
  type: TargetType,
  rules: WrittenValueRules,
  epoch: EpochDigits | null
): Fitting {
  if (epoch !== null && schema?.name === undefined && isTime(type)) {
    return fittingOfMeaning(epochMeaning(epoch), schema, type, rules)
  }
  return schema === null
    ? untypedFit(type, rules)
    : fittingOfMeaning(meaningOf(schema), schema, type, rules)
}

/** A field that counts time in a column of numbers stays the number. */
function isTime(type: TargetType): boolean {
  return type.kind === 'decimal'
    ? type.timesAsMs === true
    : ['timestamp', 'date'].includes(type.kind)
}

/** Values without a schema: what is made for one of a kind serves all others of it. */
function untypedFit(type: TargetType, rules: WrittenValueRules): Fit {
  const fits = new Map<string, Fit>()
  return (value) => {
    const meaning = meaningOfValue(value)
    let fit = fits.get(meaning.kind)
    if (fit === undefined) {
      const fitting = fittingOfMeaning(meaning, null, type, rules)
      fit = typeof fitting === 'string' ? never(fitting) : fitting
      fits.set(meaning.kind, fit)
    }
    return fit(value)
  }
}

function fittingOfMeaning(
  meaning: Meaning,
  schema: Schema | null,
  type: TargetType,
  rules: WrittenValueRules
): Fitting {
  const origin: Origin = { ...rules, schema }
  switch (type.kind) {
    case 'boolean':
      return booleanFit(meaning)
    case 'integer':
      return integerFit(meaning, type, rules)
    case 'float':
      return floatFit(meaning, type, rules)
    case 'decimal':
      return (
        (type.timesAsMs === true ? timeAsMs(meaning) : null) ?? decimalFit(meaning, type, rules)
      )
    case 'bits':
      return bitsFit(meaning, type)
    case 'string':
      return stringFit(meaning, type, origin)
    case 'other':
      return otherFit(meaning, type, origin)
    case 'json':
      return jsonFit(meaning, origin)
    case 'uuid':
      return uuidFit(meaning)
    case 'enum':
      return enumFit(meaning, type)
    case 'bytes':
      return bytesFit(meaning, type, origin)
    case 'date':
      return dateFit(meaning, type, rules)
    case 'time':
      return timeFit(meaning, type, rules)
    case 'timestamp':
      return timestampFit(meaning, type, rules)
    case 'array':
      return arrayFit(meaning, type, rules)
  }
}

/** Lists of lists have as many dimensions; a text is a list in the notation of the database. */
function arrayFit(
  meaning: Meaning,
  type: Extract<TargetType, { kind: 'array' }>,
  rules: WrittenValueRules
): Fitting {
  if (meaning.kind === 'string') {
    return (value) => {
      const text = meaning.read(value) as string
      if (/^\s*[[{]/.test(text) && text.isWellFormed()) return text
      throw misfit('it is no list')
    }
  }
  if (meaning.kind !== 'array') return 'that is no list'
  const { element } = meaning
  const isList = element === null ? null : meaningOf(element).kind === 'array'
  const ofElements = isList === true ? null : fittingOf(element, type.element, rules, null)
  const ofLists = isList === false ? null : fittingOf(element, type, rules, null)
  if (typeof ofElements === 'string') return ofElements
  return (value) =>
    meaning.read(value).map((item) => {
      if (item === null || item === undefined) return null
      const fit = Array.isArray(item) ? ofLists : ofElements
      if (fit === null || typeof fit === 'string') throw misfit('it has elements that do not fit')
      return fit(item)
    })
}
