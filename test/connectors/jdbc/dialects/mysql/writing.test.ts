import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { serverFacts } from '../../../../../src/connectors/jdbc/dialects/mysql/write-start.ts'
import { statementText } from '../../../../../src/connectors/jdbc/dialects/mysql/write-statements.ts'
import { mysqlDialect } from '../../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import {
  errorClassOf,
  refusedRow,
  type TargetColumn,
  type TargetTable,
  type WriteErrorClass,
  type WriteOperation,
  type WriteRow,
  type WriterOptions,
  type WriteSession,
  type WriteShape
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import { timestampOfMs } from '../../../../../src/connectors/jdbc/values/timestamp.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../../support/mysql-database.ts'
import { openWriter, shapeOf } from '../../../../support/open-writer.ts'
import { putBatches, sinkRecord, struct } from '../../../../support/jdbc-sink.ts'

const NO_USE = { isKey: false, timestampDigits: null }

void describe('Writing to MySQL', () => {
  let database: MysqlDatabase
  before(async () => {
    database = await createMysqlDatabase()
  })
  after(() => database.close())

  const open = (over: Partial<WriterOptions> = {}): Promise<WriteSession> =>
    openWriter(
      mysqlDialect,
      {
        url: database.config['connection.url'],
        user: database.config['connection.user'],
        password: database.config['connection.password']
      },
      over
    )
  const withWriter = async (
    work: (writer: WriteSession) => Promise<void>,
    over: Partial<WriterOptions> = {}
  ): Promise<void> => {
    const writer = await open(over)
    try {
      await work(writer)
    } finally {
      await writer.close()
    }
  }
  const target = (
    writer: WriteSession,
    table: string
  ): ReturnType<WriteSession['describeTarget']> =>
    writer.describeTarget({ catalog: null, schema: null, table })
  const failure = async (work: Promise<unknown>): Promise<Error> => {
    try {
      await work
    } catch (error) {
      return error as Error
    }
    throw new assert.AssertionError({ message: 'nothing failed' })
  }

  void it('I16: every value comes back as it was given, by insert, upsert and update alike', async () => {
    const columns: readonly (readonly [type: string, value: unknown, shown: string])[] = [
      ['TINYINT', -128, '-128'],
      ['BIGINT', -9_223_372_036_854_775_808n, '-9223372036854775808'],
      ['BIGINT UNSIGNED', 18_446_744_073_709_551_615n, '18446744073709551615'],
      ['FLOAT', Math.fround(0.1), '0.10000000149011612'],
      ['DOUBLE', 1.797_693_134_862_315_7e308, '1.7976931348623157e308'],
      [
        'DECIMAL(65,30)',
        `-${'9'.repeat(35)}.${'1'.repeat(30)}`,
        `-${'9'.repeat(35)}.${'1'.repeat(30)}`
      ],
      ['VARCHAR(20) CHARACTER SET utf8mb4', `'"\\ \u0000\n%_🦜`, `'"\\ \u0000\n%_🦜`],
      ['CHAR(3) CHARACTER SET latin1', 'né', 'né'],
      ['LONGTEXT', `\\'; DROP TABLE x; --`, `\\'; DROP TABLE x; --`],
      ['VARBINARY(10)', Uint8Array.of(0, 39, 92, 255), '0x00275CFF'],
      [
        'BLOB',
        Uint8Array.from({ length: 256 }, (_, index) => index),
        `0x${[...Array(256).keys()]
          .map((byte) => byte.toString(16).padStart(2, '0'))
          .join('')
          .toUpperCase()}`
      ],
      ['BIT(1)', true, '1'],
      ['BIT(64)', '1'.repeat(64), '18446744073709551615'],
      ['YEAR', 2155, '2155'],
      ['DATE', -719_162, '0001-01-01'],
      ['TIME(6)', 86_399_999_999_000, '23:59:59.999999'],
      [
        'DATETIME(6)',
        { ms: 253_402_300_799_999, nanos: 999_999_000 },
        '9999-12-31 23:59:59.999999'
      ],
      ['TIMESTAMP(3) NULL', timestampOfMs(1000), '1970-01-01 00:00:01.000'],
      ["ENUM('2','1')", '1', '1'],
      ["SET('a','b','1')", 'a,1', 'a,1'],
      ['JSON', '{"a": [1, "\'"]}', '{"a": [1, "\'"]}'],
      ['UUID', '123e4567-e89b-12d3-a456-426655440000', '123e4567-e89b-12d3-a456-426655440000'],
      ['INET6', '2001:db8::ff00:42:8329', '2001:db8::ff00:42:8329']
    ]
    await database.exec(
      `CREATE TABLE every (id INT PRIMARY KEY, ${columns.map(([type], index) => `c${index} ${type}`).join(', ')}) CHARACTER SET utf8mb4`
    )
    const shown = async (id: number): Promise<unknown[]> => {
      const list = columns.map(([type], index) =>
        /BINARY|BLOB/.test(type)
          ? `CONCAT('0x', HEX(c${index})) AS c${index}`
          : type === 'FLOAT'
            ? `CAST(CAST(c${index} AS DOUBLE) AS CHAR) AS c${index}`
            : /BIT/.test(type)
              ? `CAST(c${index} + 0 AS CHAR) AS c${index}`
              : `CAST(c${index} AS CHAR) AS c${index}`
      )
      // The zone of the session that looks must not matter for anything but TIMESTAMP.
      const [row] = await database.exec(
        "SET time_zone = '+00:00'",
        `SELECT ${list.join(', ')} FROM every WHERE id = ${id}`
      )
      return columns.map((_, index) => row?.[`c${index}`])
    }
    const names = columns.map((_, index) => `c${index}`)
    const values = columns.map(([, value]) => value)
    const nulls = columns.map(() => null)
    await withWriter(async (writer) => {
      const table = await target(writer, 'every')
      await writer.begin()
      await writer.write(shapeOf(table, 'insert', ['id'], names), [
        [1, ...values],
        [2, ...nulls],
        [3, ...nulls]
      ])
      await writer.write(shapeOf(table, 'upsert', ['id'], names), [
        [2, ...values],
        [4, ...values]
      ])
      await writer.write(shapeOf(table, 'update', ['id'], names), [
        [1, ...values],
        [3, ...values],
        [99, ...values]
      ])
      await writer.commit()
    })
    const rows = await database.exec('SELECT id FROM every ORDER BY id')
    assert.deepEqual(
      rows.map(({ id }) => id),
      [1, 2, 3, 4]
    )
    for (const id of [1, 2, 3, 4]) {
      const found = await shown(id)
      for (const [index, [type, , expected]] of columns.entries()) {
        assert.equal(String(found[index]).replace('e+', 'e'), expected, `${type} of row ${id}`)
      }
    }
  })

  void it('times are readings of the session’s wall clock in every type of column, as sources read them', async () => {
    await database.exec(
      'CREATE TABLE clocks (id INT PRIMARY KEY, plain DATETIME(3), stamp TIMESTAMP(3) NULL, made DATETIME DEFAULT CURRENT_TIMESTAMP)'
    )
    const { config } = database
    const zone = `sessionVariables=time_zone='%2B05:00'`
    const schema = Schema.struct([
      { name: 'id', schema: Schema.INT32 },
      { name: 'plain', schema: timestampSchema() },
      { name: 'stamp', schema: timestampSchema() }
    ])
    const value = struct(schema, { id: 1, plain: 1_700_000_000_123, stamp: 1_700_000_000_123 })
    const sink = {
      ...config,
      'connection.url': `${config['connection.url']}?${zone}`,
      'db.timezone': 'America/New_York',
      'table.name.format': 'clocks'
    }
    await putBatches(sink, [[sinkRecord({ valueSchema: schema, value })]])
    const [row] = await database.exec(
      "SET time_zone = '+05:00'",
      'SELECT CAST(plain AS CHAR) AS plain, CAST(stamp AS CHAR) AS stamp, ABS(TIMESTAMPDIFF(MINUTE, made, NOW())) < 60 AS isMade FROM clocks'
    )
    assert.deepEqual(
      { ...row },
      {
        plain: '2023-11-14 17:13:20.123',
        stamp: '2023-11-14 17:13:20.123',
        isMade: 1
      }
    )
  })

  void it('a zero is not taken for a new number, and a backslash is one whatever the server is set to', async () => {
    await database.exec('CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, text TEXT)')
    await withWriter(async (writer) => {
      const table = await target(writer, 'numbered')
      assert.equal(table?.columns[0]?.identity, 'by default')
      await writer.begin()
      await writer.write(shapeOf(table, 'insert', ['id'], ['text']), [[0, '\\']])
      await writer.write(shapeOf(table, 'insert', [], ['text']), [['next']])
      await writer.commit()
    })
    assert.deepEqual(await database.exec('SELECT id, text FROM numbered ORDER BY id'), [
      { id: 0, text: '\\' },
      { id: 1, text: 'next' }
    ])
  })

  void it('keys of any type find their rows by the index, thousands of them', async () => {
    await database.exec(
      `CREATE TABLE keyed (n BIGINT, s VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci, t DATETIME(3), b VARBINARY(8), v INT, PRIMARY KEY (n, s, t, b)) CHARACTER SET utf8mb4`
    )
    // Others, which no statement has to look at.
    await database.exec(
      "INSERT INTO keyed SELECT seq, 'o', '2020-01-01', '', NULL FROM seq_1_to_60000"
    )
    const many = 6000
    // Beyond what a double tells apart.
    const key = (index: number): unknown[] => [
      9_007_199_254_740_993n + BigInt(index),
      `ü${index % 7}`,
      timestampOfMs(index * 3_600_000 + 123),
      Buffer.from([index & 255, 0])
    ]
    const rows = (value: (index: number) => number): WriteRow[] =>
      Array.from({ length: many }, (_, index) => [...key(index), value(index)])
    const keys = ['n', 's', 't', 'b']
    await withWriter(async (writer) => {
      const table = await target(writer, 'keyed')
      assert.deepEqual(table?.primaryKey, keys)
      await writer.begin()
      await writer.write(
        shapeOf(table, 'insert', keys, ['v']),
        rows((index) => index)
      )
      await writer.write(
        shapeOf(table, 'update', keys, ['v']),
        rows((index) => index + 1)
      )
      await writer.write(
        shapeOf(table, 'upsert', keys, ['v']),
        rows((index) => index + 2)
      )
      await writer.write(
        shapeOf(table, 'delete', keys),
        Array.from({ length: many / 2 }, (_, index) => key(2 * index))
      )
      const { rows: read } = await writer.ask(
        "SELECT variable_value FROM information_schema.session_status WHERE variable_name IN ('Handler_read_rnd_next', 'Handler_read_next') ORDER BY 1",
        []
      )
      await writer.commit()
      // Only the lists of rows themselves are read through.
      assert.ok(
        read.every(([count]) => Number(count) < 10 * many),
        inspect(read)
      )
    })
    const [found] = await database.exec(
      'SELECT COUNT(*) AS count, SUM(v - (n - 9007199254740993)) AS sum, SUM(v % 2) AS odd FROM keyed WHERE v IS NOT NULL'
    )
    assert.deepEqual(Object.values(found ?? {}).map(Number), [many / 2, (2 * many) / 2, many / 2])
  })

  void it('statements stay below what the server takes, and a row of 8 MiB passes', async () => {
    await database.exec('CREATE TABLE large (id INT PRIMARY KEY, t LONGTEXT, b LONGBLOB)')
    const text = "ж'".repeat(2 * 1024 * 1024)
    const bytes = Buffer.alloc(8 * 1024 * 1024, 0xfe)
    await withWriter(async (writer) => {
      const table = await target(writer, 'large')
      const shape = shapeOf(table, 'upsert', ['id'], ['t', 'b'])
      await writer.begin()
      await writer.write(shape, [
        [1, text, null],
        [2, null, bytes],
        [3, text, null],
        [4, 'small', Buffer.from('x')]
      ])
      const huge = Buffer.alloc(32 * 1024 * 1024)
      const error = await failure(
        writer.write(shape, [
          [5, 'a', null],
          [6, null, huge]
        ])
      )
      assert.deepEqual([errorClassOf(error), refusedRow(error)], ['data', 1])
      await writer.commit()
    })
    const rows = await database.exec(
      "SELECT id, CHAR_LENGTH(t) AS t, LENGTH(b) AS b, MD5(b) = MD5(REPEAT(UNHEX('FE'), 8388608)) AS same FROM large ORDER BY id"
    )
    assert.deepEqual(rows, [
      { id: 1, t: 4_194_304, b: null, same: null },
      { id: 2, t: null, b: 8_388_608, same: 1 },
      { id: 3, t: 4_194_304, b: null, same: null },
      { id: 4, t: 5, b: 1, same: 0 }
    ])
  })

  void it('I14, I7: an error says its class and its row, and no value of the row', async () => {
    const secret = 'hunter2'
    await database.exec(
      'CREATE TABLE parent (id INT PRIMARY KEY)',
      'INSERT INTO parent VALUES (1)',
      `CREATE TABLE child (id VARCHAR(30) PRIMARY KEY, other VARCHAR(30) UNIQUE, n INT CHECK (n < 100), p INT REFERENCES parent (id),
       l VARCHAR(30) CHARACTER SET latin1, e ENUM('a'), j JSON, m VARCHAR(30) NOT NULL DEFAULT 'm')`,
      `INSERT INTO child (id, other) VALUES ('${secret}', '${secret}')`
    )
    const cases: readonly (readonly [column: string, value: unknown])[] = [
      ['id', secret],
      ['other', secret],
      ['n', 99_999_999_999],
      ['n', 100],
      ['p', 2],
      ['l', `${secret}ж`],
      ['e', secret],
      ['j', `{${secret}`],
      ['m', null]
    ]
    await withWriter(async (writer) => {
      const table = await target(writer, 'child')
      await writer.begin()
      await writer.savepoint()
      for (const [column, value] of cases) {
        const isKey = column === 'id'
        const shape = shapeOf(table, 'insert', ['id'], isKey ? ['n'] : [column])
        const good = (index: number): WriteRow => [
          `g${index}`,
          isKey || column !== 'm' ? null : 'm'
        ]
        const rows = Array.from({ length: 5 }, (_, index) => good(index))
        rows[3] = isKey ? [value, 1] : ['bad', value]
        const error = await failure(writer.write(shape, rows))
        assert.equal(errorClassOf(error), 'data', inspect(error))
        assert.equal(refusedRow(error), 3, inspect(error))
        assert.ok(!inspect(error, { depth: 9 }).includes(secret), inspect(error))
        assert.ok(!inspect(error, { depth: 9 }).includes('99999999999'), inspect(error))
        assert.equal(await writer.rollbackToSavepoint(), true)
      }
      await writer.write(shapeOf(table, 'insert', ['id']), [['last']])
      await writer.commit()
    })
    const rows = await database.exec('SELECT id FROM child ORDER BY id')
    assert.deepEqual(
      rows.map(({ id }) => id),
      [secret, 'last']
    )
  })

  void it('I14: a row is not accused where the number may be that of another statement', async () => {
    await database.exec(
      'CREATE TABLE log (id INT PRIMARY KEY)',
      'CREATE TABLE watched (id INT PRIMARY KEY, n INT)',
      'CREATE TRIGGER watching BEFORE INSERT ON watched FOR EACH ROW INSERT INTO log SELECT seq FROM seq_1_to_3 WHERE NEW.n = 5',
      'INSERT INTO log VALUES (2)',
      'INSERT INTO watched (id) VALUES (1), (2), (3)',
      'DELETE FROM log WHERE id <> 2'
    )
    await withWriter(async (writer) => {
      const table = await target(writer, 'watched')
      assert.equal(table?.hasTriggers, true)
      await writer.begin()
      await writer.savepoint()
      const inserted = await failure(
        writer.write(shapeOf(table, 'insert', ['id'], ['n']), [
          [11, 1],
          [12, 1],
          [13, 1],
          [14, 5]
        ])
      )
      assert.deepEqual([errorClassOf(inserted), refusedRow(inserted)], ['data', null])
      await writer.rollbackToSavepoint()
      const updated = await failure(
        writer.write(shapeOf(table, 'update', ['id'], ['n']), [
          [9, 1],
          [1, 1],
          [2, 99_999_999_999]
        ])
      )
      assert.deepEqual([errorClassOf(updated), refusedRow(updated)], ['data', null])
      await writer.rollback()
    })
  })

  void it('I13: after a deadlock nothing more is written outside the transaction that is gone', async () => {
    await database.exec(
      'CREATE TABLE fought (id INT PRIMARY KEY, n INT)',
      'INSERT INTO fought VALUES (1, 0), (2, 0)'
    )
    const other = await database.connect()
    await withWriter(async (writer) => {
      const table = await target(writer, 'fought')
      const shape = shapeOf(table, 'update', ['id'], ['n'])
      await writer.begin()
      await writer.savepoint()
      // The transaction that has changed less is the victim.
      await other(
        'BEGIN',
        'INSERT INTO fought SELECT seq, 0 FROM seq_100_to_200',
        'UPDATE fought SET n = 9 WHERE id = 2'
      )
      await writer.write(shape, [[1, 7]])
      // Whichever of the two waits first, the second closes the circle.
      const waiting = other('UPDATE fought SET n = 9 WHERE id = 1')
      const error = await failure(writer.write(shape, [[2, 7]]))
      assert.equal(errorClassOf(error), 'conflict')
      await waiting
      await other('ROLLBACK')
      assert.equal(await writer.rollbackToSavepoint(), false)
      await assert.rejects(writer.write(shape, [[1, 8]]), /failed before/)
      await assert.rejects(writer.commit(), /failed before/)
      await writer.rollback()
      await writer.begin()
      await writer.write(shape, [[1, 5]])
      await writer.commit()
    })
    assert.deepEqual(await database.exec('SELECT n FROM fought ORDER BY id LIMIT 2'), [
      { n: 5 },
      { n: 0 }
    ])
  })

  void it('I8: a lock is waited for no longer than write.timeout.ms, and the transaction goes on', async () => {
    await database.exec(
      'CREATE TABLE locked (id INT PRIMARY KEY, n INT)',
      'INSERT INTO locked VALUES (1, 0), (2, 0)'
    )
    const other = await database.connect()
    await other('BEGIN', 'UPDATE locked SET n = 1 WHERE id = 1')
    await withWriter(
      async (writer) => {
        const table = await target(writer, 'locked')
        const shape = shapeOf(table, 'upsert', ['id'], ['n'])
        await writer.begin()
        await writer.write(shape, [[2, 3]])
        await writer.savepoint()
        const error = await failure(writer.write(shape, [[1, 3]]))
        assert.equal(errorClassOf(error), 'conflict', inspect(error))
        assert.equal(await writer.rollbackToSavepoint(), true)
        await writer.commit()
      },
      { writeTimeoutMs: 1000 }
    )
    await other('ROLLBACK')
    assert.deepEqual(await database.exec('SELECT n FROM locked ORDER BY id'), [{ n: 0 }, { n: 3 }])
  })

  void it('says who is at fault: a session that is gone, a table or column, a right', async () => {
    const writer = await open()
    await database.exec('CREATE TABLE fault (id INT PRIMARY KEY, n INT)')
    const shape = shapeOf(await target(writer, 'fault'), 'insert', ['id'], ['n'])
    const classOf = async (): Promise<WriteErrorClass | null> => {
      await writer.begin()
      const error = await failure(writer.write(shape, [[1, 1]]))
      await writer.rollback()
      return errorClassOf(error)
    }
    await database.exec('ALTER TABLE fault DROP COLUMN n')
    assert.equal(await classOf(), 'structure')
    await database.exec('DROP TABLE fault')
    assert.equal(await classOf(), 'structure')
    await database.exec('CREATE TABLE fault (id INT PRIMARY KEY, n INT)')
    await writer.begin()
    await writer.write(shape, [[1, 1]])
    const [id] = (await writer.ask('SELECT CONNECTION_ID()', [])).rows[0] ?? []
    await database.exec(`KILL ${String(id)}`)
    const error = await failure(writer.commit())
    assert.equal(errorClassOf(error), 'outage', inspect(error))
    await writer.close()
    assert.deepEqual(await database.exec('SELECT * FROM fault'), [])
  })

  void it('I16: an upsert does not change a row that another unique key leads to', async () => {
    await database.exec(
      'CREATE TABLE mail (id INT AUTO_INCREMENT PRIMARY KEY, address VARCHAR(20) UNIQUE, n INT)',
      "INSERT INTO mail VALUES (1, 'a', 1), (2, 'b', 2)"
    )
    await withWriter(async (writer) => {
      const shape = shapeOf(await target(writer, 'mail'), 'upsert', ['id'], ['address', 'n'])
      await writer.begin()
      await writer.savepoint()
      const error = await failure(
        writer.write(shape, [
          [1, 'c', 3],
          [9, 'b', 9]
        ])
      )
      assert.deepEqual([errorClassOf(error), refusedRow(error)], ['data', 1], inspect(error))
      assert.match(error.message, /another unique key/)
      await writer.rollbackToSavepoint()
      await writer.write(shape, [
        [1, 'c', 3],
        [3, 'd', 4]
      ])
      await writer.commit()
    })
    assert.deepEqual(await database.exec('SELECT id, address, n FROM mail ORDER BY id'), [
      { id: 1, address: 'c', n: 3 },
      { id: 2, address: 'b', n: 2 },
      { id: 3, address: 'd', n: 4 }
    ])
  })

  void it('tells of a table what matters to who writes it', async () => {
    await database.exec(
      'CREATE TABLE owner (id INT PRIMARY KEY)',
      `CREATE TABLE told (a INT NOT NULL, b VARCHAR(5) NOT NULL DEFAULT 'x', c INT AS (a + 1) STORED, p INT REFERENCES owner (id), self INT, t TEXT CHARACTER SET latin1, u VARCHAR(3) CHARACTER SET utf8mb3,
       PRIMARY KEY (b, a), UNIQUE KEY one (p), FOREIGN KEY (self) REFERENCES told (p))`,
      'CREATE TABLE isam (id INT) ENGINE = MyISAM',
      'CREATE VIEW seen AS SELECT a, b FROM told'
    )
    await withWriter(async (writer) => {
      const told = await target(writer, 'told')
      assert.deepEqual(told?.primaryKey, ['b', 'a'])
      assert.deepEqual(told?.uniqueKeys, [['p']])
      assert.deepEqual(told?.parents, [{ catalog: database.name, schema: null, table: 'owner' }])
      assert.equal(told?.cannotRollBack, undefined)
      const facts = told?.columns.map((column) => [
        column.name,
        column.isNullable,
        column.hasDefault,
        column.isGenerated
      ])
      assert.deepEqual(facts, [
        ['a', false, false, false],
        ['b', false, true, false],
        ['c', true, false, true],
        ['p', true, false, false],
        ['self', true, false, false],
        ['t', true, false, false],
        ['u', true, false, false]
      ])
      const [text, bmp] = (told?.columns ?? []).slice(-2).map(({ type }) => type)
      assert.deepEqual(text, {
        kind: 'string',
        dropsBlanks: true,
        booleansAreDigits: true,
        bytes: 'utf8',
        max: 65_535,
        unit: 'characters',
        refuses: null
      })
      assert.ok(
        bmp?.kind === 'string' && bmp.refuses?.test('🦜') === true && !bmp.refuses.test('ж')
      )
      assert.match((await target(writer, 'isam'))?.cannotRollBack ?? '', /MyISAM/)
      assert.equal((await target(writer, 'seen'))?.kind, 'view')
      assert.equal(await target(writer, 'TOLD'), null)
      // An upsert by what is no key would add a row each time.
      await writer.begin()
      const error = await failure(writer.write(shapeOf(told, 'upsert', ['a'], ['b']), [[1, 'x']]))
      assert.equal(errorClassOf(error), 'structure')
      await writer.rollback()
    })
  })

  void it('makes tables and columns with defaults of every type', async () => {
    const { writing } = mysqlDialect
    assert.ok(writing !== undefined)
    const schemas: readonly (readonly [schema: Schema, type: string])[] = [
      [new Schema('int8', { defaultValue: -1 }), 'tinyint'],
      [new Schema('int64', { defaultValue: 2n ** 62n }), 'bigint'],
      [new Schema('float64', { defaultValue: 1e-300 }), 'double'],
      [new Schema('boolean', { defaultValue: true }), 'tinyint'],
      [new Schema('string', { defaultValue: "it's \\ 🦜" }), 'text'],
      [new Schema('bytes', { defaultValue: Buffer.from([0, 255]) }), 'varbinary'],
      [decimalSchema(2, { defaultValue: new Decimal(-150n, 2) }), 'decimal'],
      [dateSchema({ defaultValue: 1 }), 'date'],
      [timeSchema({ defaultValue: 3_723_004 }), 'time'],
      [timestampSchema({ defaultValue: 86_400_123 }), 'datetime']
    ]
    const columns = schemas.map(([schema], index) => ({
      name: `c\`${index}`,
      type: writing.columnType(schema, NO_USE) ?? '',
      schema,
      isOptional: false
    }))
    const key = {
      name: 'k`',
      type: writing.columnType(Schema.STRING, { ...NO_USE, isKey: true }) ?? '',
      schema: Schema.STRING,
      isOptional: false
    }
    assert.equal(
      writing.columnType(new Schema('array', {}, { valueSchema: Schema.STRING }), NO_USE),
      null
    )
    await withWriter(async (writer) => {
      const id = { catalog: database.name, schema: null, table: 'ma`de' }
      for (const sql of writing.createTable(id, [key, ...columns.slice(0, 5)], ['k`']))
        await writer.execute(sql)
      for (const sql of writing.addColumns(id, columns.slice(5))) await writer.execute(sql)
      const table = await writer.describeTarget(id)
      assert.deepEqual(table?.primaryKey, ['k`'])
      await writer.begin()
      await writer.write(shapeOf(table, 'upsert', ['k`']), [['a'], ['b']])
      await writer.write(shapeOf(table, 'upsert', ['k`']), [['a']])
      await writer.commit()
      const text = writing.statementText(shapeOf(table, 'upsert', ['k`'], ['c`0']))
      assert.equal(
        text,
        `INSERT INTO \`${database.name}\`.\`ma\`\`de\` (\`k\`\`\`, \`c\`\`0\`) VALUES (?, ?) ON DUPLICATE KEY UPDATE \`c\`\`0\` = VALUES(\`c\`\`0\`)`
      )
    })
    const found = await database.exec(
      "SELECT *, CAST(`c``1` AS CHAR) AS b, CAST(`c``7` AS CHAR) AS d, CAST(`c``9` AS CHAR) AS t FROM `ma``de` WHERE `k``` = 'b'"
    )
    const row = Object.values(found[0] ?? {})
    assert.deepEqual(
      [row[1], row.at(-3), row[3], row[4], row[5], row[6], row[7], row[9], row.at(-2), row.at(-1)],
      [
        -1,
        String(2n ** 62n),
        1e-300,
        1,
        "it's \\ 🦜",
        Buffer.from([0, 255]),
        '-1.50',
        '01:02:03.004',
        '1970-01-02',
        '1970-01-02 00:00:00.123'
      ]
    )
  })
})

void describe('Statements for other servers than MariaDB', () => {
  const column = (name: string, bindType?: string): TargetColumn => ({
    name,
    databaseType: 'varchar(3)',
    type: { kind: 'string', max: 3, unit: 'characters', refuses: null },
    ...(bindType === undefined ? {} : { bindType }),
    isNullable: true,
    hasDefault: false,
    identity: null,
    isGenerated: false
  })
  const columns = [column('k', 'latin1_bin'), column('c')]
  const table: TargetTable = {
    id: { catalog: null, schema: null, table: 't' },
    kind: 'table',
    columns,
    primaryKey: ['k'],
    uniqueKeys: [],
    parents: [],
    hasTriggers: false,
    refusesBulk: null
  }
  const shape = (operation: WriteOperation): WriteShape => ({
    table,
    operation,
    columns: operation === 'delete' ? columns.slice(0, 1) : columns,
    keyColumns: 1
  })
  const join =
    'STRAIGHT_JOIN `t` AS `kafka_target` ON `kafka_target`.`k` = CONVERT(`kafka_row`.`k` USING latin1) COLLATE latin1_bin'

  void it('MySQL 8 has names for rows, and its row constructor', () => {
    const words = serverFacts('8.0.36-0ubuntu0.22.04.1', 1)
    assert.equal(words.isMariaDb, false)
    assert.equal(words.tellsRow, false)
    assert.equal(
      statementText(shape('upsert'), words),
      'INSERT INTO `t` (`k`, `c`) VALUES (?, ?) AS `kafka_row` ON DUPLICATE KEY UPDATE `c` = `kafka_row`.`c`'
    )
    assert.equal(
      statementText(shape('update'), words),
      `UPDATE (VALUES ROW(?, ?)) AS \`kafka_row\` (\`k\`, \`c\`) ${join} SET \`kafka_target\`.\`c\` = \`kafka_row\`.\`c\``
    )
    assert.equal(
      statementText(shape('delete'), words),
      `DELETE \`kafka_target\` FROM (VALUES ROW(?)) AS \`kafka_row\` (\`k\`) ${join}`
    )
  })

  void it('those before have neither', () => {
    for (const version of ['5.7.44', '8.0.18']) {
      const words = serverFacts(version, 1)
      assert.match(
        statementText(shape('upsert'), words),
        /VALUES \(\?, \?\) ON DUPLICATE .* VALUES/
      )
      assert.equal(
        statementText(shape('delete'), words),
        `DELETE \`kafka_target\` FROM (SELECT NULL AS \`k\` FROM DUAL WHERE FALSE UNION ALL SELECT ?) AS \`kafka_row\` ${join}`
      )
    }
    assert.equal(serverFacts('5.5.5-10.6.12-MariaDB-log', 1).tellsRow, false)
    assert.equal(serverFacts('5.5.5-10.11.2-MariaDB', 1).tellsRow, true)
    assert.equal(serverFacts('11.4.2-MariaDB', 1).tellsRow, true)
  })
})
