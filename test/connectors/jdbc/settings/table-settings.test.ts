import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { dialects } from '../../../../src/connectors/jdbc/dialects/dialects.ts'
import { membershipOf } from '../../../../src/connectors/jdbc/settings/own-settings.ts'
import { encodedOffset, type SourceRecord } from '../../../../src/data/record.ts'
import {
  type Config,
  field,
  fields,
  startJdbcConnector,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { type SqliteShop, sqliteShop } from '../../../support/sqlite-shop.ts'
import { errorsOf } from '../../../support/validation-errors.ts'

const oracle = dialects.find(({ displayName }) => displayName === 'Oracle')

describe('groups of tables', () => {
  const has = (group: Config, schema: string, table: string): boolean => {
    assert.ok(oracle !== undefined)
    return membershipOf(oracle, new Map(Object.entries(group)))({ catalog: null, schema, table })
  }

  it('name tables in any case without quotes and exactly in quotes, in one schema or all', () => {
    assert.ok(has({ tables: 'orders' }, 'SHOP', 'ORDERS'))
    assert.ok(has({ tables: 'items, shop.orders' }, 'SHOP', 'ORDERS'))
    assert.ok(!has({ tables: 'other.orders' }, 'SHOP', 'ORDERS'))
    assert.ok(has({ tables: '"Orders"' }, 'SHOP', 'Orders'))
    assert.ok(!has({ tables: '"Orders"' }, 'SHOP', 'ORDERS'))
    assert.ok(!has({ tables: '"shop".orders' }, 'SHOP', 'ORDERS'))
    assert.ok(has({ tables: 'shop."a.b, ""c"""' }, 'SHOP', 'a.b, "c"'))
    assert.ok(has({ tables: 'SHOP.a.b' }, 'SHOP', 'a.b'))
  })

  it('match the whole qualified name by an expression', () => {
    assert.ok(has({ pattern: 'SHOP\\.LOG_.*' }, 'SHOP', 'LOG_1'))
    assert.ok(!has({ pattern: 'LOG_.*' }, 'SHOP', 'LOG_1'))
    assert.ok(has({ pattern: '(?i)shop\\.log_.*', tables: 'x' }, 'SHOP', 'LOG_1'))
  })
})

describe('settings of single tables', () => {
  let shop: SqliteShop
  let config: Config
  before(async () => {
    shop = sqliteShop(`
      CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, ts TIMESTAMP NOT NULL, note VARCHAR(9), changed TIMESTAMP NOT NULL);
      INSERT INTO orders VALUES (1, '2024-01-01 00:00:01', 'a', '2024-01-02 00:00:00'), (2, '2024-01-01 00:00:00', 'b', '2024-01-02 00:00:00');
      CREATE TABLE cities (name VARCHAR(9) NOT NULL PRIMARY KEY); INSERT INTO cities VALUES ('Wien');
      CREATE TABLE log_a (n BIGINT NOT NULL PRIMARY KEY); INSERT INTO log_a VALUES (7);
      CREATE TABLE log_b (n BIGINT NOT NULL PRIMARY KEY); INSERT INTO log_b VALUES (8)`)
    config = {
      ...shop.config,
      'table.whitelist': 'orders,cities,log_a,log_b',
      'table.settings': 'orders, cities, logs, rest',
      'table.settings.orders.tables': 'Orders',
      'table.settings.orders.mode': 'timestamp+incrementing',
      'table.settings.orders.timestamp.column.name': 'ts',
      'table.settings.orders.key.columns': 'primary-key',
      'table.settings.orders.topic.template': 'all.${table}',
      'table.settings.cities.tables': 'cities',
      'table.settings.cities.mode': 'bulk',
      'table.settings.cities.poll.interval.ms': '86400000',
      'table.settings.logs.pattern': 'log_.*',
      'table.settings.logs.incrementing.column.name': 'n',
      'table.settings.rest.pattern': '.*',
      'table.settings.rest.key.columns': 'n',
      'table.settings.rest.key.format': 'field'
    }
    delete config['incrementing.column.name']
    config['table.settings.orders.incrementing.column.name'] = 'id'
    config['table.settings.cities.key.columns'] = 'name'
    config['table.settings.orders.key.format'] = 'struct'
  })
  after(() => shop.close())

  const of = (records: readonly SourceRecord[], table: string): SourceRecord[] =>
    records.filter(({ sourcePartition }) => sourcePartition['table'] === table)

  it('give each table its mode, columns, topic, interval and key', async () => {
    assert.deepEqual(await errorsOf(config), {})
    const offsets = new StoredOffsets()
    const task = await startJdbcTask(config, offsets)
    const records = await task.read(5)
    await task.stop()
    assert.deepEqual(fields(of(records, 'orders'), 'id'), [2, 1])
    assert.deepEqual(
      of(records, 'orders').map(({ topic, sourceOffset }) => [
        topic,
        Object.keys(encodedOffset(sourceOffset ?? {}))
      ]),
      Array.from({ length: 2 }, () => [
        'all.orders',
        ['timestamp_nanos', 'incrementing', 'timestamp']
      ])
    )
    assert.equal(of(records, 'orders')[0]?.keySchema?.name, 'orders.Key')
    // Read once: its next poll is a day away.
    assert.deepEqual(
      of(records, 'cities').map(({ topic, key, sourceOffset }) => [topic, key, sourceOffset]),
      [['x-cities', 'Wien', null]]
    )
    assert.deepEqual(
      ['log_a', 'log_b'].map((name) =>
        of(records, name).map(({ key, sourceOffset }) => [key, sourceOffset])
      ),
      [[[7, { incrementing: 7 }]], [[8, { incrementing: 8 }]]]
    )
  })

  it('give the first group the word, setting by setting', async () => {
    const first = { ...config, 'table.settings': 'rest,orders,cities,logs' }
    const task = await startJdbcTask({ ...first, 'table.whitelist': 'log_a' })
    const [record] = await task.read(1)
    await task.stop()
    assert.equal(record?.key, 7)
    assert.equal(field(record, 'n'), 7)
  })

  it('stand before mapped columns and take the place of missing ones', async () => {
    const kept = /^(?!table\.whitelist|table\.settings\.(cities|rest)\.)/
    const settings = {
      ...Object.fromEntries(Object.entries(config).filter(([key]) => kept.test(key))),
      'table.include.list': 'orders,log_.*',
      mode: 'timestamp',
      'table.settings': 'orders,logs',
      'timestamp.columns.mapping': 'orders:[changed]',
      'table.settings.orders.mode': 'timestamp',
      'table.settings.logs.mode': 'incrementing'
    }
    assert.deepEqual(await errorsOf(settings), {})
    const task = await startJdbcTask(settings)
    assert.deepEqual(fields(of(await task.read(4), 'orders'), 'id'), [2, 1])
    await task.stop()
    const wrong = { ...settings, 'table.settings.logs.mode': 'timestamp' }
    assert.match(
      JSON.stringify(await errorsOf(wrong)),
      /does not match any of the provided regexes/
    )
  })

  it('read a table by a query of its own, with the offset and key of the table', async () => {
    const settings = {
      ...config,
      'table.settings.orders.query':
        'SELECT * FROM (SELECT id, ts, upper(note) AS note FROM orders) AS o'
    }
    assert.deepEqual(await errorsOf(settings), {})
    const task = await startJdbcTask({ ...settings, 'table.whitelist': 'orders' })
    const records = await task.read(2)
    await task.stop()
    assert.deepEqual(fields(records, 'note'), ['B', 'A'])
    assert.deepEqual(records[0]?.sourcePartition, { protocol: '1', table: 'orders' })
    assert.equal(records[0]?.valueSchema?.name, 'orders')
    assert.deepEqual(
      records[0]?.keySchema?.fields.map(({ name }) => name),
      ['id']
    )
  })

  it('are validated: unknown settings, names, values, and groups without a table', async () => {
    for (const [key, value, text] of [
      [
        'table.settings.orders.mod',
        'bulk',
        /table\.settings\.orders\.mod is not a setting\. Did you mean mode\?/
      ],
      [
        'table.settings.orders.mode',
        'fast',
        /table\.settings\.orders\.mode: Invalid value fast for configuration mode: String must be one of/
      ],
      [
        'table.settings.ordres.mode',
        'bulk',
        /table\.settings\.ordres\.mode belongs to no name in .*Did you mean orders\?/
      ],
      [
        'table.settings.cities.tables',
        'citties',
        /table\.settings\.cities matches none of the tables to copy \(citties\)\. Did you mean cities\?/
      ],
      [
        'table.settings.cities.tables',
        '',
        /table\.settings\.cities\.tables or table\.settings\.cities\.pattern has to say/
      ],
      [
        'table.settings.logs.pattern',
        '(',
        /table\.settings\.logs\.pattern: Invalid regular expression/
      ],
      [
        'table.settings.cities.query',
        'DELETE FROM cities',
        /table\.settings\.cities\.query: .*Only SELECT/
      ],
      ['table.settings', 'orders,cities,logs,rest,rest', /Duplicate alias provided/],
      ['table.settings', 'orders,cities,logs,rest,a.b', /the name a\.b may have letters/]
    ] as const) {
      const errors = await errorsOf({ ...config, [key]: value })
      assert.match(String(errors['table.settings']), text, key)
    }
    const wrongColumn = { ...config, 'table.settings.orders.key.columns': 'idd' }
    assert.match(
      String((await errorsOf(wrongColumn))['key.columns']),
      /idd do not exist in table 'orders'/
    )
    // A table of the filter may still come.
    const later = {
      ...config,
      'table.whitelist': 'orders,log_a,later',
      'table.settings.cities.tables': 'later'
    }
    assert.deepEqual(await errorsOf(later), {})
    await assert.rejects(
      startJdbcConnector({ ...config, 'table.settings.orders.mod': 'bulk' }),
      /Did you mean mode/
    )
  })

  it('decide which offset fields an operator may write', async () => {
    const map = new Map(Object.entries(config))
    const write = async (table: string, offset: Record<string, number>) =>
      await jdbcSourcePlugin.alterOffsets?.(map, [{ partition: { protocol: '1', table }, offset }])
    await write('orders', { timestamp: 1, incrementing: 2 })
    await write('log_a', { incrementing: 2 })
    await assert.rejects(
      async () => write('log_a', { timestamp: 1 }),
      /mode incrementing has no timestamp/
    )
    await assert.rejects(
      async () => write('cities', { incrementing: 1 }),
      /mode bulk keeps no offsets/
    )
  })
})

describe('named queries', () => {
  let shop: SqliteShop
  let config: Config
  before(async () => {
    shop = sqliteShop(`
      CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, state VARCHAR(9));
      INSERT INTO orders VALUES (1, 'open'), (2, 'closed'), (3, 'open')`)
    const sub = (state: string): string =>
      `SELECT * FROM (SELECT id, state FROM orders WHERE state = '${state}') AS o`
    config = {
      ...shop.config,
      queries: 'open, closed',
      'queries.open.query': sub('open'),
      'queries.open.key.columns': 'id',
      'queries.closed.query': sub('closed'),
      'queries.closed.mode': 'bulk',
      'queries.closed.topic.template': '${connector}.${query}',
      'queries.closed.poll.interval.ms': '86400000'
    }
  })
  after(() => shop.close())

  const shown = (records: readonly SourceRecord[]): unknown[] =>
    records.map((record) => [
      record.topic,
      record.sourcePartition,
      field(record, 'id'),
      record.valueSchema?.name
    ])

  it('have a topic, a mode, a key and an offset each', async () => {
    assert.deepEqual(await errorsOf(config), {})
    const offsets = new StoredOffsets()
    const task = await startJdbcTask(config, offsets)
    const records = await task.read(3)
    offsets.commit(records)
    await task.stop()
    assert.deepEqual(shown(records), [
      ['x-open', { query: 'open' }, 1, 'open'],
      ['x-open', { query: 'open' }, 3, 'open'],
      ['shop.closed', { query: 'closed' }, 2, 'closed']
    ])
    assert.equal(records[0]?.keySchema?.name, 'open.Key')
    assert.deepEqual(offsets.get({ query: 'open' }), { incrementing: 3 })
  })

  it('are spread over tasks, beside tables and the query without a name', async () => {
    const parts = async (settings: Config): Promise<unknown[]> => {
      const { connector, taskConfigs } = await startJdbcConnector(settings, 2)
      await connector.stop()
      return taskConfigs.map((task) => [task.get('tables'), task.get('task.queries')])
    }
    assert.deepEqual(await parts(config), [
      ['', 'open'],
      ['', 'closed']
    ])
    assert.deepEqual(await parts({ ...config, 'table.whitelist': 'orders' }), [
      ['"orders"', 'open'],
      ['', 'closed']
    ])
    const query = { ...config, query: 'SELECT * FROM orders' }
    assert.deepEqual(await parts(query), [
      ['', 'query,open'],
      ['', 'closed']
    ])
    const task = await startJdbcTask({ ...query, 'topic.prefix': 'x' })
    assert.deepEqual(
      new Set(shown(await task.read(6)).map((row) => (row as unknown[])[0])),
      new Set(['x', 'xopen', 'shop.closed'])
    )
    await task.stop()
    const mixed = await startJdbcTask({ ...config, 'table.whitelist': 'orders' })
    assert.equal((await mixed.read(6)).length, 6)
    await mixed.stop()
  })

  it('are validated with their names', async () => {
    for (const [key, value, text] of [
      [
        'queries.open.query',
        'SELECT nothing FROM orders',
        /queries\.open\.query: The configured query is not valid/
      ],
      ['queries.open.query', '', /queries\.open\.query has to be given/],
      [
        'queries.closed.mode',
        'timestamp',
        /queries\.closed\.timestamp\.column\.name has to be given for mode timestamp/
      ],
      [
        'queries.open.incrementing.column.name',
        'idd',
        /queries\.open\.incrementing\.column\.name: .*Did you mean id\?/
      ],
      ['queries.open.table', 'orders', /queries\.open\.table is not a setting/],
      [
        'queries.open.topic.template',
        '${table}',
        /queries\.open\.topic\.template: .*query open has no table/
      ]
    ] as const) {
      assert.match(String((await errorsOf({ ...config, [key]: value }))['queries']), text, key)
    }
    const twice = {
      ...config,
      query: 'SELECT 1 AS id',
      queries: 'query',
      'queries.query.query': 'SELECT 1 AS id'
    }
    assert.match(
      String((await errorsOf(twice))['queries']),
      /the name query is that of the key query/
    )
  })

  it('I7: stay hidden when they are masked', async () => {
    const { 'queries.open.query': query = '', ...rest } = config
    const masked = { ...rest, 'queries.open.query.masked': query }
    assert.deepEqual(await errorsOf(masked), {})
    const broken = { ...masked, 'queries.open.query.masked': 'SELECT hidden_thing FROM orders' }
    const errors = JSON.stringify(await errorsOf(broken))
    assert.match(errors, /queries\.open\.query\.masked: The configured query is not valid/)
    assert.doesNotMatch(errors, /hidden_thing/)
  })

  it('have offsets that an operator may write', async () => {
    const map = new Map(Object.entries(config))
    const write = async (query: string) =>
      await jdbcSourcePlugin.alterOffsets?.(map, [
        { partition: { query }, offset: { incrementing: 2 } }
      ])
    assert.deepEqual(await write('open'), {
      complete: true,
      changes: [{ partition: { query: 'open' }, offset: { incrementing: 2 } }]
    })
    await assert.rejects(
      async () => write('opened'),
      /its partitions are \{"query":"open"\} and \{"query":"closed"\}/
    )
    await assert.rejects(async () => write('closed'), /mode bulk keeps no offsets/)
  })
})
