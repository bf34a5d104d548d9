import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { Dialect, OpenOptions } from '../../../../src/connectors/jdbc/database/database.ts'
import {
  blockDriverProperties,
  type Fate,
  fatesOf
} from '../../../../src/connectors/jdbc/dialects/shared/driver-properties.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { mysqlTarget } from '../../../../src/connectors/jdbc/dialects/mysql/target.ts'
import { driverTables } from '../../../../src/connectors/jdbc/dialects/driver-tables.ts'
import { oracleDialect } from '../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { oracleTarget } from '../../../../src/connectors/jdbc/dialects/oracle/target.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { postgresTarget } from '../../../../src/connectors/jdbc/dialects/postgres/target.ts'
import { sqliteDialect } from '../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { sqliteTarget } from '../../../../src/connectors/jdbc/dialects/sqlite/target.ts'
import { sqlServerDialect } from '../../../../src/connectors/jdbc/dialects/sqlserver/dialect.ts'
import { sqlServerTarget } from '../../../../src/connectors/jdbc/dialects/sqlserver/target.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { ConfigError } from '../../../../src/errors.ts'
import { openOptions } from '../../../support/open-dialect.ts'
import { recordingLog } from '../../../support/recording-log.ts'

const root = resolve(import.meta.dirname, '..', '..', '..', '..')
/** Recorded from the drivers by test/support/java/DriverProperties.java. */
const recorded = JSON.parse(
  readFileSync(join(root, 'test/support/jdbc-driver-properties.json'), 'utf8')
) as Record<string, string[]>

interface Reader {
  readonly dialect: Dialect
  readonly url: string
  /** Files whose names begin like this read the properties. */
  readonly folder: string
  read(options: OpenOptions): unknown
}

const readers: Record<string, Reader> = {
  pgjdbc: {
    dialect: postgresDialect,
    url: 'jdbc:postgresql://h/d',
    folder: 'postgres',
    read: postgresTarget
  },
  'MySQL Connector/J': {
    dialect: mysqlDialect,
    url: 'jdbc:mysql://h/d',
    folder: 'mysql',
    read: mysqlTarget
  },
  'MariaDB Connector/J': {
    dialect: mysqlDialect,
    url: 'jdbc:mariadb://h/d',
    folder: 'mysql',
    read: mysqlTarget
  },
  ojdbc: {
    dialect: oracleDialect,
    url: 'jdbc:oracle:thin:@//h/s',
    folder: 'oracle',
    read: oracleTarget
  },
  'mssql-jdbc': {
    dialect: sqlServerDialect,
    url: 'jdbc:sqlserver://h',
    folder: 'sqlserver',
    read: sqlServerTarget
  },
  'sqlite-jdbc': {
    dialect: sqliteDialect,
    url: `jdbc:sqlite:${import.meta.filename}`,
    folder: 'sqlite',
    read: sqliteTarget
  }
}

void describe('The table of every JDBC driver', () => {
  void it('is there for each of them, with all their properties', () => {
    assert.deepEqual(driverTables.map(({ driver }) => driver).sort(), Object.keys(recorded).sort())
    for (const table of driverTables) {
      const known = fatesOf(table)
      const missing = (recorded[table.driver] ?? []).filter(
        (name) => !known.has(name) && table.aliases?.[name] === undefined
      )
      assert.deepEqual(missing, [], table.driver)
    }
  })

  for (const table of driverTables) {
    void describe(`of ${table.driver}`, () => {
      const reader = readers[table.driver] as Reader
      const read = (name: string, value: string): string[] => {
        const { log, lines } = recordingLog()
        reader.read(
          openOptions(reader.dialect, { url: reader.url, properties: { [name]: value } }, { log })
        )
        return lines
      }

      void it('names each property once', () => {
        const names = [
          ...table.acts,
          ...[table.needless, table.idle].flatMap((of) => Object.values(of).flat()),
          ...Object.values(table.refused)
            .flat()
            .map((entry) => entry.split('=')[0] ?? '')
        ].map((name) => (table.ignoresCase ? name.toLowerCase() : name))
        assert.deepEqual(
          names.filter((name, index) => names.indexOf(name) !== index),
          []
        )
      })

      void it('says of none that it acts which nothing reads', () => {
        const sources = globSync(`src/connectors/jdbc/dialects/${reader.folder}/*.ts`, {
          cwd: root
        })
          .filter((file) => !file.endsWith('-properties.ts'))
          .map((file) => readFileSync(join(root, file), 'utf8'))
          .join('\n')
        assert.deepEqual(
          table.acts.filter((name) => !sources.includes(`'${name}'`)),
          []
        )
      })

      void it('has the others told to be of no effect, or refused, by name', () => {
        for (const [name, fate] of fatesOf(table)) check(name, fate, read)
      })

      void it('tells of properties the driver does not know', () => {
        const text = read('no.such.property', 'x').join('\n')
        assert.ok(
          text.includes(
            `connection.no.such.property is no property of ${table.driver}: it has no effect`
          ),
          text
        )
      })
    })
  }
})

function check(name: string, fate: Fate, read: (name: string, value: string) => string[]): void {
  if (fate.kind === 'refused') {
    assert.throws(
      () => read(name, 'org.example.Something'),
      (error: Error) =>
        error instanceof ConfigError &&
        error.message.includes(`The driver property ${name} is refused: ${fate.why}`),
      name
    )
    for (const value of ['', ...fate.harmless]) assert.deepEqual(read(name, value), [], name)
  } else if (fate.kind !== 'acts') {
    const [line = '', ...more] = read(name, '1')
    assert.deepEqual(more, [], name)
    assert.ok(line.includes(`The driver property ${name} has no effect: ${fate.why}`), line)
    assert.ok(line.includes(fate.kind === 'idle' ? '"WARN"' : '"INFO"'), line)
  }
}

void describe('A table of driver properties', () => {
  void it('I7: shows no piece of a password that looks like a property', () => {
    const { log, lines } = recordingLog()
    const url = 'jdbc:postgresql://h/d?user=u&password=ab&cdEF&g;h=ij'
    postgresTarget(openOptions(postgresDialect, { url }, { log }))
    assert.equal(lines.length, 2)
    assert.match(
      lines[0] ?? '',
      /A parameter of the URL, behind password, is no property of pgjdbc/
    )
    assert.doesNotMatch(lines.join(), /cdEF|g;h|ij/)
  })

  void it('tells who tries a configuration, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'told-'))
    try {
      const file = join(folder, 'x.db')
      const database = new DatabaseSync(file)
      database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)')
      database.close()
      const found = await jdbcSourcePlugin.preview?.(
        new Map([
          ['connection.url', `jdbc:sqlite:${file}`],
          ['connection.date_string_format', 'yyyy'],
          ['connection.nonsense', '1'],
          ['mode', 'bulk'],
          ['topic.prefix', 'x-']
        ]),
        { maxRows: 1, signal: AbortSignal.timeout(20_000) }
      )
      const advice = found?.advice.join('\n') ?? ''
      assert.match(advice, /The driver property date_string_format has no effect: times as text/)
      assert.match(advice, /connection\.nonsense is no property of sqlite-jdbc/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  void it('tells each log once', () => {
    const { log, lines } = recordingLog()
    for (let round = 0; round < 3; round++) {
      postgresTarget(
        openOptions(postgresDialect, { url: 'jdbc:postgresql://h/d?gsslib=auto&x=y' }, { log })
      )
    }
    assert.equal(lines.length, 2)
  })

  void it('refuses what the worker blocks, in every spelling and place', () => {
    blockDriverProperties(['sslFactory', 'socketfactory', 'PGHOST', 'no.such'])
    try {
      for (const [url, properties] of [
        ['jdbc:postgresql://h/d?sslfactory=x', {}],
        ['jdbc:postgresql://h/d', { sslfactory: 'x' }],
        ['jdbc:postgresql://h/d?host=x', {}],
        ['jdbc:postgresql://h/d', { 'no.such': 'x' }]
      ] as [string, Record<string, string>][]) {
        assert.throws(
          () => postgresTarget(openOptions(postgresDialect, { url, properties })),
          /is refused: this worker blocks it \(jdbc\.blocked\.properties\)/
        )
      }
    } finally {
      blockDriverProperties([])
    }
  })

  void it('knows a name with other capitals', () => {
    const { log, lines } = recordingLog()
    postgresTarget(
      openOptions(
        postgresDialect,
        { url: 'jdbc:postgresql://h/d', properties: { SSLMODE: 'require' } },
        { log }
      )
    )
    assert.match(
      lines.join(),
      /connection\.SSLMODE \(sslmode is, with other capitals\) is no property of pgjdbc/
    )
  })
})
