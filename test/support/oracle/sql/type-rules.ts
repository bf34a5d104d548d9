import { mismatch } from './convert.ts'
import {
  isDatetime,
  isNumeric,
  isText,
  NUMBER,
  type SqlType,
  type TypeName,
  varchar
} from './sql-type.ts'

/** The type in which two different ones are compared. */
export function commonType(one: SqlType, other: SqlType): TypeName {
  if (one.name === other.name) return one.name
  for (const name of [
    'BINARY_DOUBLE',
    'BINARY_FLOAT',
    'NUMBER',
    'TIMESTAMP_TZ',
    'TIMESTAMP_LTZ',
    'TIMESTAMP',
    'DATE',
    'RAW',
    'BOOLEAN'
  ] as const) {
    if (one.name !== name && other.name !== name) continue
    const rest = one.name === name ? other.name : one.name
    if (!convertible(rest, name)) throw mismatch(rest, name)
    return name
  }
  throw mismatch(other.name, one.name)
}

export function convertible(from: TypeName, to: TypeName): boolean {
  if (isText({ name: from })) return !['INTERVAL_YM', 'INTERVAL_DS'].includes(to)
  if (isText({ name: to }) || to === 'XMLTYPE') return from !== 'BLOB'
  if (isNumeric({ name: from })) return isNumeric({ name: to }) || to === 'BOOLEAN'
  if (isDatetime({ name: from })) return isDatetime({ name: to })
  return ['RAW', 'BLOB', 'LONG_RAW'].includes(from) && ['RAW', 'BLOB', 'LONG_RAW'].includes(to)
}

/** The type all these take: that of the first, as far as the others can be made one. */
export function unifiedType(all: readonly SqlType[]): SqlType {
  const types = all.filter(({ name }) => name !== 'NULL')
  const [first] = types
  if (first === undefined) return varchar(1)
  if (types.every(isText)) return varchar(Math.max(...types.map(({ size }) => size ?? 40)))
  if (types.every(isNumeric)) return types.find(({ name }) => name !== 'NUMBER') ?? NUMBER
  if (types.every(isDatetime)) {
    const order: TypeName[] = ['TIMESTAMP_TZ', 'TIMESTAMP_LTZ', 'TIMESTAMP', 'DATE']
    const name = order.find((candidate) => types.some((type) => type.name === candidate)) ?? 'DATE'
    return types.find((type) => type.name === name) ?? first
  }
  return first
}
