/** Names of the data types, as `USER_TAB_COLUMNS.DATA_TYPE` begins. NULL is the type of a bare NULL. */
export type TypeName =
  | 'NUMBER'
  | 'VARCHAR2'
  | 'CHAR'
  | 'DATE'
  | 'TIMESTAMP'
  | 'TIMESTAMP_TZ'
  | 'TIMESTAMP_LTZ'
  | 'INTERVAL_YM'
  | 'INTERVAL_DS'
  | 'RAW'
  | 'LONG'
  | 'LONG_RAW'
  | 'BINARY_FLOAT'
  | 'BINARY_DOUBLE'
  | 'ROWID'
  | 'UROWID'
  | 'CLOB'
  | 'BLOB'
  | 'BFILE'
  | 'XMLTYPE'
  | 'BOOLEAN'
  | 'JSON'
  | 'VECTOR'
  | 'NULL'

export interface SqlType {
  readonly name: TypeName
  /** NUMBER: digits, null when not declared; FLOAT: binary digits; intervals: digits of the leading field. */
  readonly precision?: number | null
  /**
   * NUMBER: null when not declared, -127 for FLOAT; TIMESTAMPs and INTERVAL DAY TO SECOND: digits of a
   * second.
   */
  readonly scale?: number | null
  /** Texts and RAW: the longest, in bytes or (`inCharacters`) characters. */
  readonly size?: number
  readonly inCharacters?: boolean
  /** NCHAR, NVARCHAR2, NCLOB. */
  readonly national?: boolean
}

/**
 * A value in the form in which it is stored: texts, ROWIDs, documents and vectors as strings, everything else
 * in the bytes that Oracle sends (TIMESTAMPs always with nanoseconds). All forms sort as Oracle sorts them,
 * but for zones (compare 11 bytes) and padding.
 */
export type SqlValue = string | Uint8Array | null

export interface Column {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

export const NUMBER: SqlType = { name: 'NUMBER', precision: null, scale: null }
export const INTEGER: SqlType = { name: 'NUMBER', precision: null, scale: 0 }
export const DATE: SqlType = { name: 'DATE' }
export const TIMESTAMP: SqlType = { name: 'TIMESTAMP', scale: 9 }
export const TIMESTAMP_TZ: SqlType = { name: 'TIMESTAMP_TZ', scale: 9 }
export const BOOLEAN: SqlType = { name: 'BOOLEAN' }
export const NULL: SqlType = { name: 'NULL' }
export const varchar = (size: number): SqlType => ({
  name: 'VARCHAR2',
  size: Math.max(1, Math.min(size, 4000))
})
export const char = (size: number): SqlType => ({ name: 'CHAR', size: Math.max(1, size) })

export function isText(type: SqlType): boolean {
  return ['VARCHAR2', 'CHAR', 'LONG', 'CLOB', 'ROWID', 'UROWID'].includes(type.name)
}

export function isNumeric(type: SqlType): boolean {
  return ['NUMBER', 'BINARY_FLOAT', 'BINARY_DOUBLE'].includes(type.name)
}

export function isDatetime(type: SqlType): boolean {
  return ['DATE', 'TIMESTAMP', 'TIMESTAMP_TZ', 'TIMESTAMP_LTZ'].includes(type.name)
}

/** Types that older releases do not have. */
export const NEW_TYPES: ReadonlySet<TypeName> = new Set(['BOOLEAN', 'JSON', 'VECTOR'])

/** The type as the dictionary's DATA_TYPE column writes it: `TIMESTAMP(6) WITH TIME ZONE`, `NVARCHAR2`. */
export function dataTypeText(type: SqlType): string {
  const scale = type.scale ?? 6
  switch (type.name) {
    case 'NUMBER':
      return type.scale === -127 ? 'FLOAT' : 'NUMBER'
    case 'VARCHAR2':
      return type.national === true ? 'NVARCHAR2' : 'VARCHAR2'
    case 'CHAR':
      return type.national === true ? 'NCHAR' : 'CHAR'
    case 'CLOB':
      return type.national === true ? 'NCLOB' : 'CLOB'
    case 'TIMESTAMP':
      return `TIMESTAMP(${scale})`
    case 'TIMESTAMP_TZ':
      return `TIMESTAMP(${scale}) WITH TIME ZONE`
    case 'TIMESTAMP_LTZ':
      return `TIMESTAMP(${scale}) WITH LOCAL TIME ZONE`
    case 'INTERVAL_YM':
      return `INTERVAL YEAR(${type.precision ?? 2}) TO MONTH`
    case 'INTERVAL_DS':
      return `INTERVAL DAY(${type.precision ?? 2}) TO SECOND(${scale})`
    case 'LONG_RAW':
      return 'LONG RAW'
    case 'DATE':
    case 'RAW':
    case 'LONG':
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
    case 'ROWID':
    case 'UROWID':
    case 'BLOB':
    case 'BFILE':
    case 'XMLTYPE':
    case 'BOOLEAN':
    case 'JSON':
    case 'VECTOR':
    case 'NULL':
      return type.name
  }
}

/** Bytes the type takes, as DATA_LENGTH and the description of a column give them. */
export function byteLength(type: SqlType): number {
  switch (type.name) {
    case 'NUMBER':
      return 22
    case 'VARCHAR2':
    case 'CHAR': {
      const size = type.size ?? 4000
      if (type.national === true) return Math.min(size * 2, 4000)
      return type.inCharacters === true
        ? Math.min(size * 4, type.name === 'CHAR' ? 2000 : 4000)
        : size
    }
    case 'RAW':
      return type.size ?? 2000
    case 'DATE':
      return 7
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
    case 'INTERVAL_DS':
      return 11
    case 'TIMESTAMP_TZ':
      return 13
    case 'INTERVAL_YM':
      return 5
    case 'BINARY_FLOAT':
      return 4
    case 'BINARY_DOUBLE':
      return 8
    case 'ROWID':
      return 18
    case 'BOOLEAN':
      return 1
    case 'JSON':
    case 'VECTOR':
      return 8200
    case 'UROWID':
    case 'CLOB':
    case 'BLOB':
      return 4000
    case 'BFILE':
      return 530
    case 'XMLTYPE':
      return 2000
    case 'LONG':
    case 'LONG_RAW':
    case 'NULL':
      return 0
  }
}
