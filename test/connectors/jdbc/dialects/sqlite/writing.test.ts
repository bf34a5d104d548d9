import { DatabaseSync } from 'node:sqlite'
import { sqliteDialect } from '../../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { randomValuesSuite } from '../../../../support/random-values-suite.ts'
import { openSqliteFile } from '../../../../support/sqlite-file.ts'
import {
  type TypeCase,
  type WritingDatabase,
  writingSuite
} from '../../../../support/writing-suite.ts'

const dec = (text: string): Decimal => Decimal.parse(text)
const MS = 1_709_202_030_123

const CASES: readonly TypeCase[] = [
  {
    type: 'INTEGER',
    kind: 'integer',
    schema: Schema.INT64,
    takes: [[2n ** 63n - 1n], [-5]],
    refuses: []
  },
  { type: 'BOOLEAN', kind: 'boolean', schema: Schema.BOOLEAN, takes: [[true], [false]] },
  {
    type: 'REAL',
    kind: 'float',
    schema: Schema.FLOAT64,
    takes: [[0.1], [1e300], [5e-324], [3]],
    refuses: [Number.NaN, Infinity]
  },
  {
    type: 'NUMERIC',
    kind: 'decimal',
    schema: decimalSchema(2),
    takes: [
      [dec('-1.50'), '-1.5'],
      [dec('9007199254740993.00'), '9007199254740993']
    ],
    refuses: [dec('12345678901234.56')]
  },
  {
    type: 'DECIMAL(5,2)',
    kind: 'decimal',
    schema: Schema.INT64,
    takes: [[2n ** 63n - 1n, '9223372036854775807']]
  },
  {
    type: 'TEXT',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['1.50'], ['\0a'], ['']],
    refuses: ['\ud800']
  },
  { type: 'VARCHAR(2)', kind: 'string', schema: Schema.STRING, takes: [['longer']] },
  { type: 'BLOB', kind: 'bytes', schema: Schema.BYTES, takes: [[Buffer.from([0, 255])]] },
  // SQLite takes it for a number: a text is kept only where nothing of it changes.
  {
    type: 'STRING',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['a'], ['12'], ['-7']],
    refuses: ['1.50', '007', '1e3', ' 5', '99999999999999999999']
  },
  { type: 'JSON', kind: 'json', schema: Schema.array(Schema.INT32), takes: [[[1, 2], '[1,2]']] },
  { type: 'DATE', kind: 'date', schema: dateSchema(), takes: [[19_782], [-1]] },
  { type: 'TIME', kind: 'time', schema: timeSchema(), takes: [[37_230_123]] },
  {
    type: 'DATETIME',
    kind: 'timestamp',
    schema: timestampSchema(),
    takes: [[MS, { ms: MS, nanos: 123_000_000 }]]
  },
  {
    type: 'TIMESTAMP(9)',
    kind: 'timestamp',
    schema: Schema.STRING,
    takes: [['2024-02-29T10:20:30.123456789Z', { ms: MS, nanos: 123_456_789 }]],
    refuses: ['never']
  },
  { type: 'NUMERIC', kind: 'decimal', schema: timestampSchema(), takes: [[MS, String(MS)]] },
  { type: '', kind: 'string', schema: Schema.STRING, takes: [['1.50'], ['a']] }
]

function createWritingDatabase(): Promise<WritingDatabase> {
  const { database, url, close } = openSqliteFile()
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
  return Promise.resolve({
    dialect: sqliteDialect,
    options: openOptions(sqliteDialect, { url }),
    exec(...statements) {
      for (const statement of statements) database.exec(statement)
      return Promise.resolve([])
    },
    quoted,
    cutSessions: null,
    types: {
      int64: 'INTEGER',
      text: 'TEXT',
      key: 'VARCHAR(40)',
      decimal: 'DECIMAL(12,2)',
      float64: 'REAL',
      bytes: 'BLOB',
      timestamp: 'TIMESTAMP(6)'
    },
    cases: CASES,
    createdAs(kind, value) {
      if (kind === 'boolean') return 1
      if (kind === 'Date') return String(Number(value) * 86_400_000)
      if (kind === 'Decimal') return value instanceof Decimal ? '12.5' : '-12.5'
      return kind === 'Time' || kind === 'Timestamp' ? String(value) : undefined
    },
    identity: 'INTEGER PRIMARY KEY',
    generated: 'INTEGER GENERATED ALWAYS AS (n + 1)',
    partitioned: null,
    trigger: (table, log) => [
      `CREATE TRIGGER watch AFTER INSERT ON ${quoted(table)} BEGIN INSERT INTO ${quoted(log)} VALUES (NEW.id); END`
    ],
    knowsRow: { insert: true, upsert: true },
    lockRow() {
      const other = new DatabaseSync(url.slice('jdbc:sqlite:'.length))
      other.exec('BEGIN IMMEDIATE')
      return Promise.resolve(() => {
        other.exec('ROLLBACK')
        other.close()
        return Promise.resolve()
      })
    },
    close() {
      close()
      return Promise.resolve()
    }
  })
}

writingSuite('SQLite', createWritingDatabase)

randomValuesSuite('SQLite', createWritingDatabase, [
  'INTEGER',
  'REAL',
  'NUMERIC',
  'TEXT',
  'VARCHAR(3)',
  'BLOB',
  'BOOLEAN',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'STRING',
  '',
  'JSON'
])
