/** Numbers of the data types on the wire. */
export const WIRE = {
  VARCHAR2: 1,
  NUMBER: 2,
  BINARY_INTEGER: 3,
  LONG: 8,
  ROWID: 11,
  DATE: 12,
  RAW: 23,
  LONG_RAW: 24,
  CHAR: 96,
  BINARY_FLOAT: 100,
  BINARY_DOUBLE: 101,
  OBJECT: 109,
  CLOB: 112,
  BLOB: 113,
  BFILE: 114,
  TIMESTAMP: 180,
  TIMESTAMP_TZ: 181,
  INTERVAL_YM: 182,
  INTERVAL_DS: 183,
  UROWID: 208,
  JSON: 119,
  VECTOR: 127,
  BOOLEAN: 252,
  TIMESTAMP_LTZ: 231
} as const

/** Character set forms. */
export const FORM_CHARACTER = 1
export const FORM_NATIONAL = 2
