import { OracleError } from '../oracle-error.ts'
import type { ExpressionCompiler } from './expression-compiler.ts'
import type { Compiled, Scope } from './scope.ts'
import {
  DATE,
  isDatetime,
  isText,
  NUMBER,
  type SqlType,
  TIMESTAMP,
  TIMESTAMP_TZ,
  varchar
} from './sql-type.ts'
import type { Call } from './syntax.ts'

export const AGGREGATES: ReadonlySet<string> = new Set(['COUNT', 'MIN', 'MAX', 'SUM', 'AVG'])

interface Use {
  readonly compiler: ExpressionCompiler
  readonly args: readonly Compiled[]
  /** The operand at this place as text, as a number in Oracle's form, or as SQLite's integer. */
  text(place: number): string
  number(place: number): string
  integer(place: number): string
}

interface SqlFunction {
  readonly least: number
  readonly most: number
  compile(use: Use): { sql: string; type: SqlType }
}

function define(least: number, most: number, compile: SqlFunction['compile']): SqlFunction {
  return { least, most, compile }
}

const textType = (use: Use): SqlType => varchar(use.args[0]?.type.size ?? 4000)

const FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  SYSDATE: define(0, 0, () => ({ sql: 'o_sysdate()', type: DATE })),
  SYSTIMESTAMP: define(0, 1, () => ({
    sql: 'o_systimestamp()',
    type: { name: 'TIMESTAMP_TZ', scale: 6 }
  })),
  CURRENT_TIMESTAMP: define(0, 1, () => ({
    sql: 'o_current_timestamp()',
    type: { name: 'TIMESTAMP_TZ', scale: 6 }
  })),
  CURRENT_DATE: define(0, 0, () => ({
    sql: "o_convert(o_wall(o_current_timestamp()), 'TIMESTAMP', 'DATE')",
    type: DATE
  })),
  LOCALTIMESTAMP: define(0, 1, () => ({
    sql: 'o_wall(o_current_timestamp())',
    type: { name: 'TIMESTAMP', scale: 6 }
  })),
  SESSIONTIMEZONE: define(0, 0, () => ({ sql: 'o_session_zone()', type: varchar(75) })),
  DBTIMEZONE: define(0, 0, () => ({ sql: "'+00:00'", type: varchar(6) })),
  USER: define(0, 0, () => ({
    sql: "o_environment('USERENV', 'SESSION_USER')",
    type: varchar(128)
  })),
  UID: define(0, 0, () => ({ sql: 'o_int(100)', type: NUMBER })),
  SYS_CONTEXT: define(2, 3, (use) => ({
    sql: `o_environment(${use.text(0)}, ${use.text(1)})`,
    type: varchar(256)
  })),
  TO_DATE: datetime('DATE', DATE, 'NLS_DATE_FORMAT'),
  TO_TIMESTAMP: datetime('TIMESTAMP', TIMESTAMP, 'NLS_TIMESTAMP_FORMAT'),
  TO_TIMESTAMP_TZ: datetime('TIMESTAMP_TZ', TIMESTAMP_TZ, 'NLS_TIMESTAMP_TZ_FORMAT'),
  TO_CHAR: define(1, 3, (use) => {
    const [value] = use.args as [Compiled]
    if (use.args.length === 1) return { sql: use.text(0), type: varchar(value.type.size ?? 64) }
    const from = isText(value.type) ? 'NUMBER' : value.type.name
    const sql = isText(value.type) ? use.number(0) : value.sql
    return { sql: `o_to_char(${sql}, '${from}', ${use.text(1)})`, type: varchar(256) }
  }),
  TO_NUMBER: define(1, 2, (use) => ({
    sql: use.args.length === 1 ? use.number(0) : `o_to_number(${use.text(0)})`,
    type: NUMBER
  })),
  TO_CLOB: define(1, 1, (use) => ({ sql: use.text(0), type: { name: 'CLOB' } })),
  TO_NCHAR: define(1, 1, (use) => ({
    sql: use.text(0),
    type: { ...varchar(2000), national: true }
  })),
  HEXTORAW: define(1, 1, (use) => ({
    sql: `o_convert(${use.text(0)}, 'VARCHAR2', 'RAW')`,
    type: { name: 'RAW', size: 2000 }
  })),
  TO_BLOB: define(1, 1, (use) => ({ sql: (use.args[0] as Compiled).sql, type: { name: 'BLOB' } })),
  RAWTOHEX: define(1, 1, (use) => ({ sql: use.text(0), type: varchar(4000) })),
  TO_BINARY_DOUBLE: define(1, 1, (use) => floating(use, 'BINARY_DOUBLE')),
  TO_BINARY_FLOAT: define(1, 1, (use) => floating(use, 'BINARY_FLOAT')),
  XMLTYPE: define(1, 1, (use) => ({ sql: use.text(0), type: { name: 'XMLTYPE' } })),
  ROWIDTOCHAR: define(1, 1, (use) => ({ sql: use.text(0), type: varchar(18) })),
  CHARTOROWID: define(1, 1, (use) => ({ sql: use.text(0), type: { name: 'ROWID' } })),
  COALESCE: define(2, 255, (use) => unify(use)),
  NVL: define(2, 2, (use) => unify(use)),
  NVL2: define(3, 3, (use) => {
    const [test, one, other] = use.args as [Compiled, Compiled, Compiled]
    const type = use.compiler.unified([one, other])
    const [yes, no] = [one, other].map((value) => use.compiler.convertTo(value, type))
    return { sql: `CASE WHEN ${test.sql} IS NOT NULL THEN ${yes} ELSE ${no} END`, type }
  }),
  NULLIF: define(2, 2, (use) => {
    const [one, other] = use.args as [Compiled, Compiled]
    const [left, right] = use.compiler.comparable(one, other)
    return { sql: `CASE WHEN ${left} = ${right} THEN NULL ELSE ${one.sql} END`, type: one.type }
  }),
  GREATEST: define(1, 255, (use) => extreme(use, 'max')),
  LEAST: define(1, 255, (use) => extreme(use, 'min')),
  UPPER: define(1, 1, (use) => ({ sql: `o_upper(${use.text(0)})`, type: textType(use) })),
  LOWER: define(1, 1, (use) => ({ sql: `o_lower(${use.text(0)})`, type: textType(use) })),
  LENGTH: define(1, 1, (use) => ({ sql: `o_int(length(${use.text(0)}))`, type: NUMBER })),
  LENGTHB: define(1, 1, (use) => ({ sql: `o_int(o_bytes(${use.text(0)}))`, type: NUMBER })),
  SUBSTR: define(2, 3, (use) => {
    const length = use.args.length === 3 ? `, ${use.integer(2)}` : ''
    const start = `max(${use.integer(1)}, 1)`
    const from = `CASE WHEN ${use.integer(1)} < 0 THEN ${use.integer(1)} ELSE ${start} END`
    return { sql: `nullif(substr(${use.text(0)}, ${from}${length}), '')`, type: textType(use) }
  }),
  INSTR: define(2, 2, (use) => ({
    sql: `o_int(o_instr(${use.text(0)}, ${use.text(1)}))`,
    type: NUMBER
  })),
  TRIM: define(1, 1, (use) => ({ sql: `nullif(trim(${use.text(0)}), '')`, type: textType(use) })),
  LTRIM: define(1, 2, (use) => trim(use, 'ltrim')),
  RTRIM: define(1, 2, (use) => trim(use, 'rtrim')),
  LPAD: define(2, 3, (use) => pad(use, 'o_lpad')),
  RPAD: define(2, 3, (use) => pad(use, 'o_rpad')),
  REPLACE: define(2, 3, (use) => ({
    sql: `nullif(replace(${use.text(0)}, ${use.text(1)}, coalesce(${use.args.length === 3 ? use.text(2) : "''"}, '')), '')`,
    type: varchar(4000)
  })),
  CHR: define(1, 1, (use) => ({ sql: `char(${use.integer(0)})`, type: varchar(4) })),
  ROUND: define(1, 2, (use) => ({
    sql: `o_round(${use.number(0)}, ${use.args.length === 2 ? use.integer(1) : 0})`,
    type: NUMBER
  })),
  TRUNC: define(1, 2, (use) => {
    const [value] = use.args as [Compiled]
    if (isDatetime(value.type)) {
      const unit = use.args.length === 2 ? use.text(1) : "'DD'"
      return { sql: `o_trunc_date(${value.sql}, '${value.type.name}', ${unit})`, type: DATE }
    }
    return {
      sql: `o_trunc(${use.number(0)}, ${use.args.length === 2 ? use.integer(1) : 0})`,
      type: NUMBER
    }
  }),
  FLOOR: define(1, 1, (use) => ({ sql: `o_floor(${use.number(0)})`, type: NUMBER })),
  CEIL: define(1, 1, (use) => ({ sql: `o_ceil(${use.number(0)})`, type: NUMBER })),
  ABS: define(1, 1, (use) => ({
    sql: `CASE WHEN ${use.number(0)} < x'80' THEN o_negate(${use.number(0)}) ELSE ${use.number(0)} END`,
    type: NUMBER
  })),
  MOD: define(2, 2, (use) => ({ sql: `o_mod(${use.number(0)}, ${use.number(1)})`, type: NUMBER })),
  ADD_MONTHS: define(2, 2, (use) => ({
    sql: `o_add_months(${use.compiler.convertTo(use.args[0] as Compiled, DATE)}, 'DATE', ${use.integer(1)})`,
    type: DATE
  })),
  NUMTODSINTERVAL: define(2, 2, (use) => ({
    sql: `o_duration(${use.number(0)}, ${use.text(1)})`,
    type: { name: 'INTERVAL_DS', precision: 9, scale: 9 }
  })),
  EXTRACT: define(2, 2, (use) => ({
    sql: `o_extract(${use.text(0)}, ${(use.args[1] as Compiled).sql}, '${(use.args[1] as Compiled).type.name}')`,
    type: NUMBER
  })),
  FROM_TZ: define(2, 2, (use) => ({
    sql: `o_from_tz(${(use.args[0] as Compiled).sql}, ${use.text(1)})`,
    type: TIMESTAMP_TZ
  })),
  SYS_EXTRACT_UTC: define(1, 1, (use) => {
    const [value] = use.args as [Compiled]
    const zoned = use.compiler.convertTo(value, TIMESTAMP_TZ)
    return {
      sql: `substr(${zoned}, 1, 11)`,
      type: { name: 'TIMESTAMP', scale: value.type.scale ?? 6 }
    }
  }),
  'DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER': define(0, 0, () => ({
    sql: 'o_int(o_scn())',
    type: NUMBER
  })),
  'SYS.DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER': define(0, 0, () => ({
    sql: 'o_int(o_scn())',
    type: NUMBER
  })),
  SCN_TO_TIMESTAMP: define(1, 1, () => ({ sql: 'o_wall(o_systimestamp())', type: TIMESTAMP })),
  ORA_HASH: define(1, 2, (use) => ({
    sql: `o_hash(${use.text(0)}, ${use.args.length === 2 ? use.integer(1) : 4_294_967_295})`,
    type: NUMBER
  })),
  STANDARD_HASH: define(1, 1, (use) => ({
    sql: `o_sha1(${use.text(0)})`,
    type: { name: 'RAW', size: 20 }
  }))
}

function datetime(name: string, type: SqlType, format: string): SqlFunction {
  return define(1, 3, (use) => {
    const [value] = use.args as [Compiled]
    if (isDatetime(value.type)) return { sql: use.compiler.convertTo(value, type), type }
    const mask = use.args.length > 1 ? use.text(1) : `o_nls('${format}')`
    return { sql: `o_to_datetime(${use.text(0)}, ${mask}, '${name}')`, type }
  })
}

function floating(
  use: Use,
  name: 'BINARY_DOUBLE' | 'BINARY_FLOAT'
): { sql: string; type: SqlType } {
  return { sql: use.compiler.convertTo(use.args[0] as Compiled, { name }), type: { name } }
}

function unify({ compiler, args }: Use): { sql: string; type: SqlType } {
  const type = compiler.unified(args)
  return {
    sql: `coalesce(${args.map((value) => compiler.convertTo(value, type)).join(', ')})`,
    type
  }
}

function extreme({ compiler, args }: Use, act: 'min' | 'max'): { sql: string; type: SqlType } {
  const type = compiler.unified(args)
  return { sql: `${act}(${args.map((value) => compiler.convertTo(value, type)).join(', ')})`, type }
}

function trim(use: Use, act: 'ltrim' | 'rtrim'): { sql: string; type: SqlType } {
  const set = use.args.length === 2 ? `, ${use.text(1)}` : ''
  return { sql: `nullif(${act}(${use.text(0)}${set}), '')`, type: textType(use) }
}

function pad(use: Use, act: 'o_lpad' | 'o_rpad'): { sql: string; type: SqlType } {
  const fill = use.args.length === 3 ? use.text(2) : "' '"
  return { sql: `${act}(${use.text(0)}, ${use.integer(1)}, ${fill})`, type: varchar(4000) }
}

/** ORA-00904 for a function that does not exist, ORA-00938 and ORA-00939 for a wrong number of operands. */
export function compileFunction(compiler: ExpressionCompiler, call: Call, scope: Scope): Compiled {
  const { name, position } = call
  if (AGGREGATES.has(name)) return aggregate(compiler, call, scope)
  if (call.over !== null) return window(compiler, call, scope)
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (known === undefined || call.star || call.distinct) {
    throw new OracleError(
      904,
      [
        name
          .split('.')
          .map((part) => `"${part}"`)
          .join('.')
      ],
      position
    )
  }
  if (call.args.length < known.least)
    throw new OracleError(known.most === known.least ? 909 : 938, [], position)
  if (call.args.length > known.most)
    throw new OracleError(known.most === known.least ? 909 : 939, [], position)
  const args = call.args.map((argument) => compiler.value(argument, scope))
  const at = (place: number): Compiled => args[place] as Compiled
  const result = known.compile({
    compiler,
    args,
    text: (place) => compiler.text(at(place)),
    number: (place) => compiler.convertTo(at(place), NUMBER),
    integer: (place) => `o_js(${compiler.convertTo(at(place), NUMBER)})`
  })
  const nullable =
    name === 'COALESCE' || name === 'NVL'
      ? args.every((one) => one.nullable)
      : args.some((one) => one.nullable)
  return { ...result, nullable, constant: args.every((one) => one.constant === true) }
}

function aggregate(compiler: ExpressionCompiler, call: Call, scope: Scope): Compiled {
  const over = call.over === null ? '' : ` ${overClause(compiler, call, scope)}`
  const distinct = call.distinct ? 'DISTINCT ' : ''
  if (call.name === 'COUNT' && call.star) {
    return { sql: `o_int(count(*)${over})`, type: NUMBER, nullable: false, constant: true }
  }
  const [argument] = call.args
  if (argument === undefined || call.args.length > 1) throw new OracleError(909, [], call.position)
  const value = compiler.value(argument, scope)
  const done = (sql: string, type: SqlType): Compiled => ({
    sql,
    type,
    nullable: true,
    constant: true
  })
  if (call.name === 'COUNT')
    return { ...done(`o_int(count(${distinct}${value.sql})${over})`, NUMBER), nullable: false }
  if (call.name === 'MIN' || call.name === 'MAX') {
    compiler.sortable(value)
    return done(`${call.name.toLowerCase()}(${value.sql})${over}`, value.type)
  }
  const sum = `o_sum(${distinct}${compiler.convertTo(value, NUMBER)})${over}`
  if (call.name === 'SUM') return done(sum, NUMBER)
  return done(`o_divide(${sum}, o_int(nullif(count(${distinct}${value.sql})${over}, 0)))`, NUMBER)
}

const WINDOWS: ReadonlySet<string> = new Set(['ROW_NUMBER', 'RANK', 'DENSE_RANK', 'NTILE'])

function window(compiler: ExpressionCompiler, call: Call, scope: Scope): Compiled {
  if (!WINDOWS.has(call.name)) throw new OracleError(904, [`"${call.name}"`], call.position)
  const args = call.args.map(
    (argument) => `o_js(${compiler.convertTo(compiler.value(argument, scope), NUMBER)})`
  )
  const sql = `o_int(${call.name.toLowerCase()}(${args.join(', ')}) ${overClause(compiler, call, scope)})`
  return { sql, type: NUMBER, nullable: false }
}

function overClause(compiler: ExpressionCompiler, call: Call, scope: Scope): string {
  const partition = call.over?.partition ?? []
  const order = call.over?.order ?? []
  const by = partition.map((one) => compiler.sortable(compiler.value(one, scope)))
  const keys = order.map(({ expression, descending, nullsFirst }) => {
    const key = compiler.sortable(compiler.value(expression, scope))
    const first = nullsFirst ?? descending
    return `${key} ${descending ? 'DESC' : 'ASC'} NULLS ${first ? 'FIRST' : 'LAST'}`
  })
  const parts = [
    ...(by.length > 0 ? [`PARTITION BY ${by.join(', ')}`] : []),
    ...(keys.length > 0 ? [`ORDER BY ${keys.join(', ')}`] : [])
  ]
  return `OVER (${parts.join(' ')})`
}

/** Functions written without brackets. */
export const BARE_FUNCTIONS: ReadonlySet<string> = new Set(
  'SYSDATE SYSTIMESTAMP CURRENT_TIMESTAMP CURRENT_DATE LOCALTIMESTAMP SESSIONTIMEZONE DBTIMEZONE USER UID DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER'.split(
    ' '
  )
)
