import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { postgresDialect } from '../../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { sinkRecord, startJdbcSink, struct } from '../../../../support/jdbc-sink.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { randomValuesSuite } from '../../../../support/random-values-suite.ts'
import { createPostgresDatabase } from '../../../../support/postgres-database.ts'
import {
  type TypeCase,
  type WritingDatabase,
  writingSuite
} from '../../../../support/writing-suite.ts'

const dec = (text: string): Decimal => Decimal.parse(text)
const uuid = '00112233-4455-6677-8899-aabbccddeeff'

const CASES: readonly TypeCase[] = [
  { type: 'boolean', kind: 'boolean', schema: Schema.BOOLEAN, takes: [[true], [false]] },
  {
    type: 'smallint',
    kind: 'integer',
    schema: Schema.INT32,
    takes: [[-32_768], [32_767]],
    refuses: [32_768]
  },
  {
    type: 'integer',
    kind: 'integer',
    schema: Schema.INT64,
    takes: [[-(2 ** 31)], [2 ** 31 - 1]],
    refuses: [2 ** 31]
  },
  {
    type: 'bigint',
    kind: 'integer',
    schema: Schema.INT64,
    takes: [[2n ** 63n - 1n], [-(2n ** 63n)], [0]]
  },
  { type: 'oid', kind: 'integer', schema: Schema.INT64, takes: [[2 ** 32 - 1]], refuses: [-1] },
  {
    type: 'real',
    kind: 'float',
    schema: Schema.FLOAT32,
    takes: [[Math.fround(0.1), 0.1], [-0, -0], [Number.NaN], [Infinity]]
  },
  {
    type: 'double precision',
    kind: 'float',
    schema: Schema.FLOAT64,
    takes: [[0.1], [5e-324], [-0], [Number.NaN], [-Infinity]]
  },
  {
    type: 'numeric',
    kind: 'decimal',
    schema: decimalSchema(3),
    takes: [
      [dec('-1.100'), '-1.100'],
      [dec(`${'9'.repeat(60)}.123`), `${'9'.repeat(60)}.123`]
    ]
  },
  {
    type: 'numeric(5,2)',
    kind: 'decimal',
    schema: decimalSchema(3),
    takes: [[dec('123.450'), '123.45']],
    refuses: [dec('1.001'), dec('1000.000')]
  },
  {
    type: 'numeric(3,-2)',
    kind: 'decimal',
    schema: Schema.INT32,
    takes: [[12_300, '12300']],
    refuses: [12_345, 100_000]
  },
  {
    type: 'money',
    kind: 'decimal',
    schema: decimalSchema(2),
    takes: [[dec('-12.50'), -12.5]],
    refuses: []
  },
  {
    type: 'text',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['a\\b\n\t"é😀'], ['']],
    refuses: ['\0', '\ud800']
  },
  {
    type: 'varchar(3)',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['😀😀😀']],
    refuses: ['abcd', 'abc ']
  },
  {
    type: 'char(3)',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['ab', 'ab ']],
    refuses: ['abcd']
  },
  {
    type: 'name',
    kind: 'string',
    schema: Schema.STRING,
    takes: [['n'.repeat(63)]],
    refuses: ['n'.repeat(64)]
  },
  { type: '"char"', kind: 'string', schema: Schema.STRING, takes: [['x']], refuses: ['xy'] },
  { type: 'json', kind: 'json', schema: Schema.STRING, takes: [['{"a": 1}']], refuses: ['{'] },
  { type: 'jsonb', kind: 'json', schema: Schema.array(Schema.INT32), takes: [[[1, 2], '[1, 2]']] },
  { type: 'uuid', kind: 'uuid', schema: Schema.STRING, takes: [[uuid]], refuses: ['x'] },
  {
    type: 'bytea',
    kind: 'bytes',
    schema: Schema.BYTES,
    takes: [[Buffer.from([0, 92, 255])], [Buffer.alloc(0)]]
  },
  { type: 'bit(1)', kind: 'bits', schema: Schema.BOOLEAN, takes: [[true], [false]] },
  { type: 'bit(4)', kind: 'bits', schema: Schema.INT8, takes: [[5], [15]], refuses: [16] },
  {
    type: 'bit(12)',
    kind: 'bits',
    schema: Schema.BYTES,
    takes: [[Buffer.from([0xab, 0xc0])]],
    refuses: [Buffer.from([1, 1])]
  },
  {
    type: 'bit varying(5)',
    kind: 'bits',
    schema: Schema.STRING,
    takes: [['101'], ['']],
    refuses: ['101010']
  },
  {
    type: 'date',
    kind: 'date',
    schema: dateSchema(),
    takes: [[0], [-800_000], [2_932_896]],
    refuses: [-2_440_589]
  },
  { type: 'time', kind: 'time', schema: timeSchema(), takes: [[0], [86_399_999]] },
  { type: 'time(0)', kind: 'time', schema: timeSchema(), takes: [[1000]], refuses: [1] },
  { type: 'timetz', kind: 'time', schema: timeSchema(), takes: [[37_230_123]] },
  {
    type: 'timestamp',
    kind: 'timestamp',
    schema: timestampSchema(),
    takes: [
      [1_709_202_030_123, { ms: 1_709_202_030_123, nanos: 123_000_000 }],
      [-62_200_000_000_000, { ms: -62_200_000_000_000, nanos: 0 }]
    ],
    refuses: [-300_000_000_000_000]
  },
  {
    type: 'timestamp(0)',
    kind: 'timestamp',
    schema: timestampSchema(),
    takes: [[1000, { ms: 1000, nanos: 0 }]],
    refuses: [1]
  },
  {
    type: 'timestamptz',
    kind: 'timestamp',
    schema: Schema.STRING,
    takes: [
      ['2024-02-29T10:20:30.123456+02:00', { ms: 1_709_194_830_123, nanos: 123_456_000 }],
      ['infinity', { ms: Infinity, nanos: 0 }]
    ],
    refuses: ['soon']
  },
  { type: 'inet', kind: 'other', schema: Schema.STRING, takes: [['10.0.0.1']] },
  {
    type: 'interval',
    kind: 'other',
    schema: new Schema('int64', { name: 'io.debezium.time.MicroDuration' }),
    takes: [[-1_500_000, 'PT-1.5S']]
  },
  { type: 'tsvector', kind: 'other', schema: Schema.STRING, takes: [["'a' 'b'"]] },
  { type: 'int4range', kind: 'other', schema: Schema.STRING, takes: [['[1,5)']] },
  { type: 'xml', kind: 'other', schema: Schema.STRING, takes: [['<a/>']] },
  { type: 'mood', kind: 'enum', schema: Schema.STRING, takes: [['so "so"']], refuses: ['grim'] },
  { type: 'positive', kind: 'integer', schema: Schema.INT32, takes: [[5]] },
  {
    type: 'integer[]',
    kind: 'array',
    schema: Schema.array(Schema.array(Schema.INT32)),
    takes: [
      [
        [
          [1, 2],
          [3, null]
        ],
        '{{1,2},{3,NULL}}'
      ],
      [[], '{}']
    ]
  },
  {
    type: 'text[]',
    kind: 'array',
    schema: Schema.array(Schema.OPTIONAL_STRING),
    takes: [[['a"b\\', null, 'NULL', '', '{}'], '{"a\\"b\\\\",NULL,"NULL","","{}"}']]
  },
  {
    type: 'mood[]',
    kind: 'array',
    schema: Schema.STRING,
    takes: [['{ok,"so \\"so\\""}', '{ok,"so \\"so\\""}']]
  },
  {
    type: 'bytea[]',
    kind: 'array',
    schema: Schema.array(Schema.BYTES),
    takes: [[[Buffer.from([92])], '{"\\\\x5c"}']]
  },
  {
    type: 'timestamp[]',
    kind: 'array',
    schema: Schema.array(timestampSchema()),
    takes: [[[1500], '{"1970-01-01 00:00:01.5"}']]
  }
]

async function createWritingDatabase(): Promise<WritingDatabase> {
  const database = await createPostgresDatabase()
  const { config, exec } = database
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
  await exec(
    `CREATE TYPE mood AS ENUM ('ok', 'so "so"')`,
    'CREATE DOMAIN positive AS integer CHECK (VALUE > 0)',
    `CREATE FUNCTION leave_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I VALUES ($1)', TG_ARGV[0]) USING NEW.id; RETURN NEW; END $$`
  )
  return {
    dialect: postgresDialect,
    options: openOptions(postgresDialect, {
      url: config['connection.url'],
      user: config['connection.user'],
      password: config['connection.password']
    }),
    exec,
    quoted,
    async cutSessions() {
      await exec(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name = 'suite-0'`
      )
    },
    types: {
      int64: 'bigint',
      text: 'text',
      key: 'varchar(40)',
      decimal: 'numeric(12,2)',
      float64: 'double precision',
      bytes: 'bytea',
      timestamp: 'timestamp'
    },
    cases: CASES,
    identity: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    generated: 'bigint GENERATED ALWAYS AS (n + 1) STORED',
    partitioned: (name) => [
      `CREATE TABLE ${name} (id bigint NOT NULL PRIMARY KEY, n bigint) PARTITION BY RANGE (id)`,
      `CREATE TABLE ${name}_low PARTITION OF ${name} FOR VALUES FROM (MINVALUE) TO (50)`,
      `CREATE TABLE ${name}_high PARTITION OF ${name} FOR VALUES FROM (50) TO (MAXVALUE)`
    ],
    trigger: (table, log) => [
      `CREATE TRIGGER watch AFTER INSERT ON ${quoted(table)} FOR EACH ROW EXECUTE FUNCTION leave_id('${log}')`
    ],
    knowsRow: { insert: true, upsert: false },
    async lockRow(table, id) {
      const other = await database.connect()
      await other('BEGIN', `SELECT 1 FROM ${quoted(table)} WHERE id = ${id} FOR UPDATE`)
      return async () => void (await other('ROLLBACK'))
    },
    close: () => database.close()
  }
}

writingSuite('PostgreSQL', createWritingDatabase)

randomValuesSuite('PostgreSQL', createWritingDatabase, [
  'smallint',
  'integer',
  'bigint',
  'oid',
  'real',
  'double precision',
  'boolean',
  'bytea',
  'numeric',
  'numeric(10,3)',
  'numeric(4,-2)',
  'numeric(3,5)',
  'text',
  'varchar(3)',
  'char(4)',
  'name',
  'date',
  'time',
  'time(2)',
  'timestamp',
  'timestamp(2)',
  'timestamptz',
  'uuid',
  'json',
  'jsonb',
  'varbit(5)'
])

describe('PostgreSQL alone', () => {
  it('takes rows without COPY where rows are watched by policies or rules, and says its name', async (t) => {
    const db = await createWritingDatabase()
    t.after(() => db.close())
    const options = { ...db.options, applicationName: 'orders-3', writeTimeoutMs: 60_000 }
    const session = await postgresDialect.writing?.open(options)
    assert.ok(session !== undefined)
    t.after(() => session.close())
    await db.exec(
      'CREATE SCHEMA aside',
      'CREATE TABLE watched (id bigint, who text)',
      'CREATE RULE upper AS ON INSERT TO watched DO ALSO NOTIFY watched',
      'CREATE TABLE aside.only_there (id bigint)'
    )
    const id = { catalog: null, schema: null, table: 'watched' }
    const table = await session.describeTarget(id)
    assert.equal(table?.refusesBulk, 'rules')
    const shape = { table, operation: 'insert' as const, columns: table.columns, keyColumns: 0 }
    await session.begin()
    await session.write(shape, [[1, 'x']])
    await session.commit()
    assert.deepEqual(await db.exec('SELECT * FROM watched'), [{ id: '1', who: 'x' }])
    const [row] = await db.exec(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'orders-3'`
    )
    assert.equal(row?.['n'], '1')
    assert.equal(await session.describeTarget({ ...id, table: 'only_there' }), null)
    const properties = new Map([['currentSchema', 'aside']])
    const aside = await postgresDialect.writing?.open({ ...options, properties })
    assert.ok(aside !== undefined)
    t.after(() => aside.close())
    const found = await aside.describeTarget({ ...id, table: 'only_there' })
    assert.equal(found?.id.schema, 'aside')
    await aside.execute('CREATE TABLE made_there (id bigint)')
    assert.equal((await aside.describeTarget({ ...id, table: 'made_there' }))?.id.schema, 'aside')
  })

  it('tells that what could not be committed was rolled back', async (t) => {
    const db = await createWritingDatabase()
    t.after(() => db.close())
    const options = { ...db.options, applicationName: 'orders-3', writeTimeoutMs: 60_000 }
    const session = await postgresDialect.writing?.open(options)
    assert.ok(session !== undefined)
    t.after(() => session.close())
    await session.begin()
    await assert.rejects(session.ask('SELECT 1/0', []))
    await assert.rejects(session.commit(), /rolled the transaction back/)
  })
})

describe('rows of a batch in PostgreSQL', () => {
  it('may refer to each other, whichever comes first', async (t) => {
    const database = await createPostgresDatabase()
    t.after(() => database.close())
    await database.exec(
      'CREATE TABLE people (id int PRIMARY KEY, boss int REFERENCES people, note text)'
    )
    const sink = await startJdbcSink({
      ...database.config,
      'table.name.format': 'people',
      'insert.mode': 'upsert',
      'pk.mode': 'record_value',
      'pk.fields': 'id'
    })
    t.after(() => sink.stop())
    const schema = Schema.struct([
      { name: 'id', schema: Schema.INT32 },
      { name: 'boss', schema: Schema.INT32 },
      { name: 'note', schema: Schema.STRING }
    ])
    const note = 'x'.repeat(200)
    // The boss of all, who has the last key, comes first.
    const ids = Array.from({ length: 3000 }, (_, at) => 3000 - at)
    const person = (id: number) => struct(schema, { id, boss: 3000, note })
    await sink.put(ids.map((id) => sinkRecord({ valueSchema: schema, value: person(id) })))
    assert.deepEqual(sink.reports, [])
    assert.deepEqual(await database.exec('SELECT count(*) FROM people'), [{ count: '3000' }])
  })
})
