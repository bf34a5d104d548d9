import { Decimal } from '../../../data/logical-types.ts'
import type { TargetColumn, WriteRow } from '../database/writing.ts'

/**
 * The text by which keys are the same or not, as their columns compare them: two that have the same text are
 * one row. null: a part is NULL, which equals nothing. Of rows, here and below, only the key is looked at,
 * with which they begin.
 */
export function keyText(columns: readonly TargetColumn[], key: WriteRow): string | null {
  if (columns.length === 1) return partText(columns[0], key[0])
  const parts: string[] = []
  for (const [index, column] of columns.entries()) {
    const part = partText(column, key[index])
    if (part === null) return null
    // The length keeps ('a', 'b:c') from ('a:b', 'c').
    parts.push(`${part.length}:${part}`)
  }
  return parts.join('')
}

function partText(column: TargetColumn | undefined, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') {
    return column?.type.kind === 'decimal' ? decimalText(value) : letters(column, value)
  }
  // A float has two zeros that are equal.
  if (typeof value === 'number') return String(value === 0 ? 0 : value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  const { ms, nanos } = value as { ms?: number; nanos?: number }
  return ms === undefined ? JSON.stringify(value) : `${ms}.${nanos}`
}

function letters(column: TargetColumn | undefined, text: string): string {
  return column?.type.kind === 'uuid' ? text.toLowerCase() : text
}

/** `1.50` and `1.5` are one number. */
function decimalText(text: string): string {
  if (!/[.eE]/.test(text)) return text
  try {
    const plain = Decimal.parse(text).toString()
    return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
  } catch {
    return text
  }
}

/** No collation takes two such texts for one: no capitals, no accents, no blanks at the end. */
const PLAIN = /^[\x21-\x40\x5b-\x7e]*$/
const FREE_KINDS: ReadonlySet<string> = new Set(['string', 'other', 'enum', 'json'])

/** Whether a collation decides which values of the column are the same. */
export function isFreeText({ type }: TargetColumn): boolean {
  return FREE_KINDS.has(type.kind)
}

/**
 * As `keyText`, but the same for texts that the loosest collation holds equal: in letters of another case,
 * with and without accents, or with blanks behind. Which collation a column has is not known here.
 */
export function looseKeyText(
  columns: readonly TargetColumn[],
  key: WriteRow,
  exact: string
): string {
  const isFree = columns.some(
    (column, index) =>
      isFreeText(column) && typeof key[index] === 'string' && !PLAIN.test(key[index])
  )
  if (!isFree) return exact
  const loose = columns.map((column, index) => {
    const value = key[index]
    return isFreeText(column) && typeof value === 'string' ? looseText(value) : value
  })
  return keyText(columns, loose) ?? exact
}

function looseText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{C}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .trimEnd()
}

/** The columns of a key by which rows are sorted: in the order of the primary key where it has just these. */
export function sortOrder(
  columns: readonly TargetColumn[],
  primaryKey: readonly string[]
): readonly number[] {
  const order = primaryKey.map((name) => columns.findIndex((column) => column.name === name))
  const fits = order.length === columns.length && !order.includes(-1)
  return fits ? order : columns.map((_, index) => index)
}

/** An order of keys that is the same for everybody who writes to a table. */
export function compareKeys(a: WriteRow, b: WriteRow, order: readonly number[]): number {
  for (const index of order) {
    const difference = compareParts(a[index], b[index])
    if (difference !== 0) return difference
  }
  return 0
}

interface Moment {
  readonly ms: number
  readonly nanos: number
}

const compareMoments = (a: Moment, b: Moment): number =>
  a.ms === b.ms ? a.nanos - b.nanos : a.ms < b.ms ? -1 : 1

/** Two numbers or times of a column, by size. */
export function compareValues({ type }: TargetColumn, a: unknown, b: unknown): number {
  if (type.kind === 'timestamp') return compareMoments(a as Moment, b as Moment)
  if (type.kind !== 'decimal') return compareParts(a, b)
  // NaN is larger than every number, where a database has it.
  if (a === 'NaN' || b === 'NaN') return Number(a === 'NaN') - Number(b === 'NaN')
  const [left, right] = [Decimal.parse(String(a)), Decimal.parse(String(b))]
  const scale = Math.max(left.scale, right.scale)
  const difference =
    (left.withScale(scale)?.unscaled ?? 0n) - (right.withScale(scale)?.unscaled ?? 0n)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function compareParts(a: unknown, b: unknown): number {
  const isNumber = (value: unknown): value is number | bigint =>
    typeof value === 'number' || typeof value === 'bigint'
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  const [left, right] = [partText(undefined, a) ?? '', partText(undefined, b) ?? '']
  return left < right ? -1 : left > right ? 1 : 0
}
