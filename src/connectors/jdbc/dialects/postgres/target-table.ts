import { epochDay, MS_PER_DAY } from '../../../../data/calendar.ts'
import type { Row, TableId } from '../../database/database.ts'
import type { TargetColumn, TargetTable, TargetType } from '../../database/writing.ts'
import { OID } from './types.ts'

/**
 * The type below all domains, with its modifier, what it consists of, and the words of an enum. A domain on
 * the way may forbid null or have a default.
 */
const BASE = (name: string, oid: string, typmod: string): string => `LEFT JOIN LATERAL (
  WITH RECURSIVE below AS (
    SELECT t.oid, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault IS NOT NULL AS has_default, ${typmod} AS typmod
    FROM pg_catalog.pg_type t WHERE t.oid = ${oid}
    UNION ALL
    SELECT t.oid, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typtypmod, t.typnotnull OR below.typnotnull, t.typdefault IS NOT NULL OR below.has_default, below.typtypmod
    FROM below JOIN pg_catalog.pg_type t ON t.oid = below.typbasetype WHERE below.typtype = 'd')
  SELECT oid, typmod, typcategory, typelem, typnotnull, has_default,
    (SELECT array_to_json(array_agg(e.enumlabel ORDER BY e.enumsortorder)) FROM pg_catalog.pg_enum e WHERE e.enumtypid = below.oid) AS labels
  FROM below WHERE typtype <> 'd') AS ${name} ON true`

// The names of what newer servers know are asked for as of a document: older ones answer null.
const COLUMNS = `
SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(base.oid, -1), base.oid, base.typmod, base.labels,
       element.oid, element.typmod, element.labels, a.attnotnull OR base.typnotnull, a.atthasdef OR base.has_default,
       to_jsonb(a) ->> 'attidentity', to_jsonb(a) ->> 'attgenerated'
FROM pg_catalog.pg_attribute a
${BASE('base', 'a.atttypid', 'a.atttypmod')}
${BASE('element', `CASE WHEN base.typcategory = 'A' THEN base.typelem END`, 'base.typmod')}
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

const TABLE = `
SELECT n.nspname, c.oid, c.relkind, row_security_active(c.oid), current_setting('max_identifier_length'), c.relhasrules,
       EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1::text[]) AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'f')
ORDER BY array_position($1::text[], n.nspname::text)
LIMIT 1`

const KEYS = `
SELECT i.indisprimary, (SELECT array_to_json(array_agg(a.attname ORDER BY k.place))
  FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE k.place <= COALESCE((to_jsonb(i) ->> 'indnkeyatts')::int, i.indnatts))
FROM pg_catalog.pg_index i
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, i.indexrelid`

const PARENTS = `
SELECT DISTINCT n.nspname, c.relname
FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid = f.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE f.conrelid = $1::oid AND f.contype = 'f' AND f.confrelid <> f.conrelid
ORDER BY 1, 2`

const KINDS: Readonly<Record<string, TargetTable['kind']>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view'
}

type Ask = (sql: string, binds: readonly unknown[]) => Promise<Row[]>

/**
 * What the dictionary says of a table; null: there is none of this name. Without a schema it is looked for
 * where the session's statements would find it, or along the path given (`currentSchema`).
 */
export async function postgresTargetTable(
  ask: Ask,
  id: TableId,
  searchPath: string | null
): Promise<TargetTable | null> {
  const schemas = id.schema === null ? await schemasOf(ask, searchPath) : [id.schema]
  const [found] = await ask(TABLE, [schemas, id.table])
  if (found === undefined) return null
  const [schema, oid, kind, rowSecurity, nameBytes, hasRules, hasTriggers] = found
  const columns = await ask(COLUMNS, [oid])
  const keys = (await ask(KEYS, [oid])).map(([isPrimary, names]) => ({
    isPrimary: isPrimary === 't',
    names: JSON.parse(String(names)) as string[]
  }))
  const parents = await ask(PARENTS, [oid])
  return {
    id: { catalog: null, schema: String(schema), table: id.table },
    kind: KINDS[String(kind)] ?? 'other',
    columns: columns.map(targetColumn),
    primaryKey: keys.find(({ isPrimary }) => isPrimary)?.names ?? [],
    uniqueKeys: keys.filter(({ isPrimary }) => !isPrimary).map(({ names }) => names),
    parents: parents.map(([schema, table]) => ({
      catalog: null,
      schema: String(schema),
      table: String(table)
    })),
    hasTriggers: hasTriggers === 't',
    nameBytes: Number(nameBytes),
    refusesBulk: refusesBulk(String(kind), rowSecurity === 't', hasRules === 't')
  }
}

async function schemasOf(ask: Ask, searchPath: string | null): Promise<string[]> {
  if (searchPath !== null) {
    return searchPath.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
  }
  const [row] = await ask('SELECT array_to_json(current_schemas(false))', [])
  return JSON.parse(String(row?.[0])) as string[]
}

function refusesBulk(kind: string, rowSecurity: boolean, hasRules: boolean): string | null {
  if (kind === 'v') return 'view'
  if (kind === 'f') return 'foreign table'
  if (rowSecurity) return 'row security'
  // COPY passes rules over.
  return hasRules ? 'rules' : null
}

const IDENTITIES: Readonly<Record<string, TargetColumn['identity']>> = {
  a: 'always',
  d: 'by default'
}

function targetColumn(row: Row): TargetColumn {
  const [name, databaseType, bindType, oid, typmod, labels, ...more] = row
  const [elementOid, elementTypmod, elementLabels, notNull, hasDefault, identity, generated] = more
  const isGenerated = generated !== null && generated !== ''
  const element = elementOid === null ? null : targetType(elementOid, elementTypmod, elementLabels)
  return {
    name: String(name),
    databaseType: String(databaseType),
    // A cast to bit cuts down to one bit: the varying type has no length.
    bindType: Number(oid) === OID.bit ? 'varbit' : String(bindType),
    type: element === null ? targetType(oid, typmod, labels) : { kind: 'array', element },
    isNullable: notNull !== 't',
    hasDefault: hasDefault === 't' && !isGenerated,
    identity: IDENTITIES[String(identity)] ?? null,
    isGenerated
  }
}

const INTEGERS: ReadonlyMap<number, readonly [min: bigint, max: bigint]> = new Map([
  [OID.int2, [-(2n ** 15n), 2n ** 15n - 1n]],
  [OID.int4, [-(2n ** 31n), 2n ** 31n - 1n]],
  [OID.int8, [-(2n ** 63n), 2n ** 63n - 1n]],
  [OID.oid, [0n, 2n ** 32n - 1n]]
])

const NUL = /\0/

/** 4714-11-24 BC, the first day; it is in the year -4713 of astronomers. */
const MIN_DAY = epochDay(-4713, 11, 24)
const MAX_DAY = epochDay(5_874_897, 12, 31)
const MIN_MS = MIN_DAY * MS_PER_DAY
const MAX_MS = epochDay(294_277, 1, 1) * MS_PER_DAY - 1

/** Any text; names and the type "char" cut silently what is too long for them. */
function stringType(max: number | null, unit: 'characters' | 'bytes' = 'characters'): TargetType {
  return { kind: 'string', max, unit, refuses: NUL, dropsBlanks: true, bytes: 'hex' }
}

function targetType(oidText: unknown, typmodText: unknown, labels: unknown): TargetType {
  const oid = Number(oidText)
  const typmod = Number(typmodText)
  if (labels !== null) return { kind: 'enum', labels: JSON.parse(String(labels)) as string[] }
  const range = INTEGERS.get(oid)
  if (range !== undefined) {
    return { kind: 'integer', min: range[0], max: range[1], fractions: 'even floats' }
  }
  switch (oid) {
    case OID.bool:
      return { kind: 'boolean' }
    case OID.float4:
      return { kind: 'float', bits: 32, takesNaN: true }
    case OID.float8:
      return { kind: 'float', bits: 64, takesNaN: true }
    case OID.numeric:
      return { ...digitsOf(typmod), takesNaN: true }
    case OID.money:
      return { kind: 'decimal', precision: 19, scale: 2 }
    case OID.text:
      return stringType(null)
    case OID.varchar:
    case OID.bpchar:
      return stringType(typmod < 4 ? null : typmod - 4)
    case OID.name:
      return stringType(63, 'bytes')
    case OID.char:
      return stringType(1, 'bytes')
    case OID.json:
    case OID.jsonb:
      return { kind: 'json' }
    case OID.uuid:
      return { kind: 'uuid' }
    case OID.bytea:
      return { kind: 'bytes', max: null }
    case OID.bit:
    case OID.varbit:
      return bitsType(typmod, oid === OID.varbit)
    case OID.date:
      return { kind: 'date', minDay: MIN_DAY, maxDay: MAX_DAY }
    case OID.time:
    case OID.timetz:
      return {
        kind: 'time',
        resolutionNanos: resolutionNanos(typmod),
        hasZone: oid === OID.timetz
      }
    case OID.timestamp:
    case OID.timestamptz:
      return {
        kind: 'timestamp',
        hasZone: oid === OID.timestamptz,
        resolutionNanos: resolutionNanos(typmod),
        minMs: MIN_MS,
        maxMs: MAX_MS,
        takesInfinity: true
      }
    default:
      return { kind: 'other', refuses: NUL }
  }
}

const resolutionNanos = (typmod: number): number => 10 ** (9 - (typmod < 0 ? 6 : typmod))

function bitsType(typmod: number, varying: boolean): TargetType {
  const length = typmod > 0 ? typmod : Number.MAX_SAFE_INTEGER
  return { kind: 'bits', length, varying, spare: 'last' }
}

function digitsOf(typmod: number): TargetType & { kind: 'decimal' } {
  if (typmod < 4) return { kind: 'decimal', precision: null, scale: null }
  // As of columns that are read: eleven bits, signed since PostgreSQL 15.
  return {
    kind: 'decimal',
    precision: ((typmod - 4) >> 16) & 0xffff,
    scale: (((typmod - 4) & 0x7ff) ^ 1024) - 1024
  }
}
