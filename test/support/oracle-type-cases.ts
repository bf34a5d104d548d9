import { Decimal } from '../../src/data/logical-types.ts'

/** A literal of a type, the Connect schema and value it becomes, and what JSON makes of it. */
export type Case = readonly [
  type: string,
  literal: string,
  schema: string,
  value: unknown,
  json?: string
]
const nines = '9'.repeat(38)

export const NUMBERS: readonly Case[] = [
  ['NUMBER', '1.10', 'string', '1.1', '"1.1"'],
  ['NUMBER', '-0.001', 'string', '-0.001'],
  ['NUMBER', '0', 'string', '0'],
  ['NUMBER', `${nines}9`, 'string', `${nines}9`],
  [
    'NUMBER',
    '1234567890123456789012345678.0123456789',
    'string',
    '1234567890123456789012345678.0123456789'
  ],
  ['NUMBER', '1E-130', 'string', `0.${'0'.repeat(129)}1`],
  ['NUMBER', '-9.9E125', 'string', `-99${'0'.repeat(124)}`],
  ['NUMBER(5)', '-99999', 'Decimal(0)', new Decimal(-99_999n, 0), '-99999'],
  ['NUMBER(10,2)', '0.5', 'Decimal(2)', new Decimal(50n, 2), '0.50'],
  ['NUMBER(5,-2)', '9999900', 'Decimal(-2)', new Decimal(99_999n, -2), '9.9999E+6'],
  ['NUMBER(2,5)', '-0.00099', 'Decimal(5)', new Decimal(-99n, 5), '-0.00099'],
  ['NUMBER(38)', `-${nines}`, 'Decimal(0)', new Decimal(-BigInt(nines), 0), `-${nines}`],
  ['NUMBER(38,10)', '0.0000000001', 'Decimal(10)', new Decimal(1n, 10)],
  ['NUMBER(38,38)', `0.${nines}`, 'Decimal(38)', new Decimal(BigInt(nines), 38), `0.${nines}`],
  ['NUMBER(1,-84)', '3E84', 'Decimal(-84)', new Decimal(3n, -84)],
  ['NUMBER(*,3)', '1.5', 'Decimal(3)', new Decimal(1500n, 3), '1.500'],
  ['INTEGER', nines, 'Decimal(0)', new Decimal(BigInt(nines), 0), nines],
  ['FLOAT', '0.1', 'string', '0.1', '"0.1"'],
  ['FLOAT(10)', '-2.5', 'string', '-2.5'],
  ['DOUBLE PRECISION', '1e100', 'string', `1${'0'.repeat(100)}`],
  ['BINARY_FLOAT', '1.5f', 'float32', 1.5, '1.5'],
  ['BINARY_FLOAT', '-3.4028235E38f', 'float32', -3.402_823_466_385_288_6e38],
  ['BINARY_FLOAT', "TO_BINARY_FLOAT('NaN')", 'float32', Number.NaN, '"NaN"'],
  ['BINARY_DOUBLE', '0.1d', 'float64', 0.1, '0.1'],
  ['BINARY_DOUBLE', '1.7976931348623157E308d', 'float64', Number.MAX_VALUE],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('INF')", 'float64', Number.POSITIVE_INFINITY, '"Infinity"'],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('-INF')", 'float64', Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('NaN')", 'float64', Number.NaN, '"NaN"']
]

export const TEXTS: readonly Case[] = [
  ['CHAR(4)', "'ab'", 'string', 'ab  ', '"ab  "'],
  ['CHAR(4 CHAR)', "'äö'", 'string', 'äö  '],
  ['VARCHAR2(40)', `'订单😀 "q"'`, 'string', '订单😀 "q"'],
  ['VARCHAR2(4000)', `'${'x'.repeat(4000)}'`, 'string', 'x'.repeat(4000)],
  ['NCHAR(4)', "N'订'", 'string', '订   '],
  ['NVARCHAR2(10)', "N'订😀'", 'string', '订😀', String.raw`"订\uD83D\uDE00"`],
  ['CLOB', "TO_CLOB('订单😀')", 'string', '订单😀'],
  ['NCLOB', "'订单😀'", 'string', '订单😀'],
  ['RAW(4)', "HEXTORAW('00FF10')", 'bytes', Buffer.from([0, 255, 16]), '"AP8Q"'],
  ['BLOB', "HEXTORAW('00FF')", 'bytes', Buffer.from([0, 255]), '"AP8="'],
  ['XMLTYPE', "XMLTYPE('<a>ü</a>')", 'string', '<a>ü</a>', '"<a>ü</a>"'],
  ['INTERVAL YEAR(4) TO MONTH', "INTERVAL '-1-2' YEAR TO MONTH", 'string', '-P1Y2M', '"-P1Y2M"'],
  [
    'INTERVAL DAY(9) TO SECOND(9)',
    "INTERVAL '3 04:05:06.000000007' DAY TO SECOND(9)",
    'string',
    'P3DT4H5M6.000000007S'
  ],
  ['INTERVAL DAY TO SECOND', "INTERVAL '0 00:00:00' DAY TO SECOND", 'string', 'PT0S']
]

// Beside a LOB, whose columns the driver defines: it asks for ROWIDs as text then, and reads them in their
// own form.
export const ADDRESSES: readonly Case[] = [
  ['CLOB', "'lob'", 'string', 'lob'],
  ['ROWID', "'AAAR3qAAEAAAACHAAA'", 'string', 'AAAR3qAAEAAAACHAAA', '"AAAR3qAAEAAAACHAAA"'],
  ['UROWID', "'AAAR3qAAEAAAACHAAA'", 'string', 'AAAR3qAAEAAAACHAAA']
]

/** Those of 23ai; the first two are also in earlier releases of the cloud. */
export const NEW_TYPES: readonly Case[] = [
  ['BOOLEAN', 'TRUE', 'boolean', true, 'true'],
  ['BOOLEAN', 'FALSE', 'boolean', false, 'false'],
  [
    'JSON',
    `'{"a": [1, 0.10000000000000000001, "ü \\"x"], "b" : null}'`,
    'string',
    '{"a":[1,0.10000000000000000001,"ü \\"x"],"b":null}'
  ],
  ['JSON', `'[${'1,'.repeat(1900)}2]'`, 'string', `[${'1,'.repeat(1900)}2]`],
  ['VECTOR(3, FLOAT32)', "'[1, -0.25, 3e10]'", 'string', '[1.0E+000,-2.5E-001,3.0E+010]']
]

/** With the text of `nanos_iso_datetime_string`, which shows every digit. */
type Moment = readonly [type: string, literal: string, ms: number, text: string]

export const MOMENTS: readonly Moment[] = [
  ['DATE', "DATE '2024-02-29'", 1_709_164_800_000, '2024-02-29T00:00:00.000000000'],
  [
    'DATE',
    "TO_DATE('1969-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
    -1000,
    '1969-12-31T23:59:59.000000000'
  ],
  ['DATE', "DATE '9999-12-31'", 253_402_214_400_000, '9999-12-31T00:00:00.000000000'],
  // The last day of the Julian calendar is the one before 15 October 1582, for Oracle as for Java.
  ['DATE', "DATE '1582-10-04'", -12_219_379_200_000, '1582-10-14T00:00:00.000000000'],
  ['TIMESTAMP(0)', "TIMESTAMP '1969-12-31 23:59:59'", -1000, '1969-12-31T23:59:59.000000000'],
  [
    'TIMESTAMP',
    "TIMESTAMP '1582-10-15 00:00:00.000001'",
    -12_219_292_800_000,
    '1582-10-15T00:00:00.000001000'
  ],
  ...Array.from({ length: 10 }, (_, digits): Moment => {
    const fraction = '123123123'.slice(0, digits)
    return [
      `TIMESTAMP(${digits})`,
      `TIMESTAMP '2024-02-29 10:20:30${digits === 0 ? '' : `.${fraction}`}'`,
      1_709_202_030_000 + Number(fraction.slice(0, 3).padEnd(3, '0')),
      `2024-02-29T10:20:30.${fraction.padEnd(9, '0')}`
    ]
  }),
  [
    'TIMESTAMP(9)',
    "TIMESTAMP '1969-12-31 23:59:59.999999999'",
    -1,
    '1969-12-31T23:59:59.999999999'
  ],
  [
    'TIMESTAMP(9) WITH TIME ZONE',
    "TIMESTAMP '2024-02-29 10:20:30.123456789 +05:30'",
    1_709_182_230_123,
    '2024-02-29T04:50:30.123456789'
  ],
  [
    'TIMESTAMP(3) WITH TIME ZONE',
    "TIMESTAMP '2024-07-01 10:20:30 Europe/Paris'",
    1_719_822_030_000,
    '2024-07-01T08:20:30.000000000'
  ],
  [
    'TIMESTAMP(9) WITH LOCAL TIME ZONE',
    "TIMESTAMP '2024-02-29 10:20:30.123456789 -08:00'",
    1_709_230_830_123,
    '2024-02-29T18:20:30.123456789'
  ]
]
