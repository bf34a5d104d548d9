import mysql from 'mysql2/promise'
import { mysqlDialect } from '../../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { createMysqlDatabase } from '../../../../support/mysql-database.ts'
import { mysqlUrl } from '../../../../support/environment.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import {
  type TypeCase,
  type WritingDatabase,
  writingSuite
} from '../../../../support/writing-suite.ts'

const dec = (text: string): Decimal => Decimal.parse(text)
const uuid = '00112233-4455-6677-8899-aabbccddeeff'

const CASES: readonly TypeCase[] = [
  {
    type: 'tinyint(1)',
    kind: 'integer',
    schema: Schema.BOOLEAN,
    takes: [
      [true, 1],
      [false, 0]
    ]
  },
  {
    type: 'mediumint unsigned',
    kind: 'integer',
    schema: Schema.INT64,
    takes: [[0], [2 ** 24 - 1]],
    refuses: [-1, 2 ** 24]
  },
  {
    type: 'bigint unsigned',
    kind: 'integer',
    schema: decimalSchema(0),
    takes: [[dec('18446744073709551615'), '18446744073709551615']],
    refuses: [dec('18446744073709551616')]
  },
  {
    type: 'float',
    kind: 'float',
    schema: Schema.FLOAT32,
    takes: [[1.5], [-0.25]],
    refuses: [Number.NaN]
  },
  {
    type: 'double',
    kind: 'float',
    schema: Schema.FLOAT64,
    takes: [[0.1], [5e-324]],
    refuses: [Infinity]
  },
  {
    type: 'decimal(5,2)',
    kind: 'decimal',
    schema: decimalSchema(3),
    takes: [[dec('123.450'), '123.45']],
    refuses: [dec('1.001'), dec('1000.000')]
  },
  {
    type: 'varchar(3)',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['😀😀😀'], ["'\\'"]],
    refuses: ['abcd', 'abc ']
  },
  {
    type: 'varchar(3) character set utf8mb3',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['жжж']],
    refuses: ['😀']
  },
  { type: 'char(3)', kind: 'string', schema: Schema.STRING, takes: [['ab']], refuses: ['abcd'] },
  {
    type: 'tinytext',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['é'.repeat(127)]],
    refuses: ['é'.repeat(128)]
  },
  { type: 'json', kind: 'json', schema: Schema.STRING, takes: [['{"a": 1}']], refuses: ['{'] },
  { type: 'uuid', kind: 'uuid', schema: Schema.STRING, takes: [[uuid]], refuses: ['x'] },
  { type: 'inet6', kind: 'other', schema: Schema.STRING, takes: [['2001:db8::1']] },
  {
    type: 'varbinary(300)',
    kind: 'bytes',
    schema: Schema.BYTES,
    takes: [[Buffer.from([0, 92, 39, 255])], [Buffer.alloc(0)], [Buffer.alloc(300, 7)]],
    refuses: [Buffer.alloc(301)]
  },
  {
    type: 'bit(1)',
    kind: 'boolean',
    schema: Schema.BOOLEAN,
    takes: [
      [true, 1],
      [false, 0]
    ]
  },
  { type: 'bit(7)', kind: 'bits', schema: Schema.INT8, takes: [[5], [127]], refuses: [-1] },
  {
    type: 'bit(12)',
    kind: 'bits',
    schema: Schema.BYTES,
    takes: [[Buffer.from([0x0a, 0xbc])]],
    refuses: [Buffer.from([0xff, 1])]
  },
  {
    type: 'date',
    kind: 'date',
    schema: dateSchema(),
    takes: [[0], [2_932_896]],
    refuses: [-719_163]
  },
  { type: 'time(3)', kind: 'time', schema: timeSchema(), takes: [[0], [86_399_999]] },
  { type: 'time', kind: 'time', schema: timeSchema(), takes: [[1000]], refuses: [1] },
  {
    type: 'datetime(6)',
    kind: 'timestamp',
    schema: timestampSchema(),
    takes: [[1_709_202_030_123, { ms: 1_709_202_030_123, nanos: 123_000_000 }]],
    refuses: [-300_000_000_000_000]
  },
  {
    type: 'timestamp(3) null',
    kind: 'timestamp',
    schema: Schema.STRING,
    takes: [['2024-02-29T10:20:30.123+02:00', { ms: 1_709_194_830_123, nanos: 123_000_000 }]],
    refuses: ['2100-01-01T00:00:00Z', 'soon']
  },
  {
    type: `enum('2','it''s')`,
    kind: 'enum',
    schema: Schema.STRING,
    takes: [["it's"], ['2']],
    refuses: ['1']
  },
  { type: `set('a','b')`, kind: 'enum', schema: Schema.STRING, takes: [['a,b'], ['']] }
]

async function createWritingDatabase(): Promise<WritingDatabase> {
  const database = await createMysqlDatabase()
  const { config, exec } = database
  const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
  return {
    dialect: mysqlDialect,
    options: openOptions(mysqlDialect, {
      url: config['connection.url'],
      user: config['connection.user'],
      password: config['connection.password']
    }),
    exec,
    quoted,
    async cutSessions() {
      const admin = await mysql.createConnection({ uri: mysqlUrl() })
      for (const id of await database.sessions()) await admin.query(`KILL ${id}`)
      await admin.end()
    },
    types: {
      int64: 'bigint',
      text: 'longtext',
      key: 'varchar(40)',
      decimal: 'decimal(12,2)',
      float64: 'double',
      bytes: 'longblob',
      timestamp: 'datetime(6)'
    },
    cases: CASES,
    createdAs: (kind, value) => (kind === 'boolean' ? Number(value) : undefined),
    identity: 'bigint AUTO_INCREMENT PRIMARY KEY',
    generated: 'bigint AS (n + 1) STORED',
    partitioned: (name) => [
      `CREATE TABLE ${name} (id bigint NOT NULL PRIMARY KEY, n bigint) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (50), PARTITION high VALUES LESS THAN MAXVALUE)`
    ],
    trigger: (table, log) => [
      `CREATE TRIGGER watch AFTER INSERT ON ${quoted(table)} FOR EACH ROW INSERT INTO ${quoted(log)} VALUES (NEW.id)`
    ],
    namesAreOfBmp: true,
    knowsRow: { insert: true, upsert: true },
    async lockRow(table, id) {
      const other = await database.connect()
      await other('BEGIN', `SELECT 1 FROM ${quoted(table)} WHERE id = ${id} FOR UPDATE`)
      return async () => void (await other('ROLLBACK'))
    },
    close: () => database.close()
  }
}

writingSuite('MariaDB', createWritingDatabase)
