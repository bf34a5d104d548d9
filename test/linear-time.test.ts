import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../src/builtin-plugins.ts'
import { checkConfig } from '../src/config/config-def.ts'
import { ConfigProviders } from '../src/config/providers.ts'
import { parseHeaderRules } from '../src/settings/worker/response-headers.ts'
import { inRange, rangeText } from '../src/config/version-range.ts'
import { parseProperties } from '../src/config/properties.ts'
import type { OpenOptions } from '../src/connectors/jdbc/database/database.ts'
import { dialects } from '../src/connectors/jdbc/dialects/dialects.ts'
import { fatesOf } from '../src/connectors/jdbc/dialects/shared/driver-properties.ts'
import { driverTables } from '../src/connectors/jdbc/dialects/driver-tables.ts'
import { mysqlTarget } from '../src/connectors/jdbc/dialects/mysql/target.ts'
import { oracleTarget } from '../src/connectors/jdbc/dialects/oracle/target.ts'
import { hasOuterJoin } from '../src/connectors/jdbc/dialects/shared/outer-join.ts'
import { postgresTarget } from '../src/connectors/jdbc/dialects/postgres/target.ts'
import { sqliteTarget } from '../src/connectors/jdbc/dialects/sqlite/target.ts'
import { sqlServerTarget } from '../src/connectors/jdbc/dialects/sqlserver/target.ts'
import { parseJdbcUrl } from '../src/connectors/jdbc/database/jdbc-url.ts'
import { checkPlaceholders, describableQuery } from '../src/connectors/jdbc/sql/query-text.ts'
import { jdbcSourcePlugin } from '../src/connectors/jdbc/source/source-plugins.ts'
import { parseFloating, parseInteger } from '../src/transforms/java/java-number.ts'
import { validateConnector } from '../src/validation/validate-connector.ts'
import { Plugins } from '../src/plugin/plugins.ts'
import { basicCredentials, isInternal } from '../src/rest/basic-auth.ts'
import { acceptedType, acceptsText, checkContentType } from '../src/rest/media-types.ts'
import { connectorPath, routerTarget, uriProblem } from '../src/rest/request-uri.ts'
import { topicCreationGroups } from '../src/settings/connector/topic-creation-groups.ts'
import { parseWorkerConfig } from '../src/settings/worker/worker-config.ts'
import { openOptions } from './support/open-dialect.ts'
import { adversarial, assertLinear, assertLinearRequest } from './support/work-of.ts'
import { providerSettings } from '../src/settings/worker/provider-settings.ts'

/** Asks about each text; `frames` put it where it stands. */
function eachText(
  what: string,
  work: (text: string) => unknown,
  frames: readonly ((text: string) => string)[] = [(text) => text],
  length?: number
): void {
  for (const [name, text] of Object.entries(adversarial)) {
    for (const [place, frame] of frames.entries()) {
      assertLinear(`${what}, place ${place}, ${name}`, (size) => frame(text(size)), work, length)
    }
  }
}

const around = (...places: string[]): ((text: string) => string)[] =>
  places.map((place) => (text) => place.replace('*', () => text))

void describe('I8: What anybody can send costs time in proportion to its length', () => {
  void it('in texts that are cast to numbers', () => {
    const places = around('*', '1*x', '1.*x')
    eachText('parseFloating', (text) => parseFloating('float32', text), places)
    eachText('parseInteger', (text) => parseInteger('int64', text), places)
  })

  void it('in addresses, headers and names of a request', () => {
    eachText(
      'routerTarget',
      routerTarget,
      around('*', '/*', 'http://h/*', '/connectors/*/config?*')
    )
    eachText('uriProblem', (text) => uriProblem(text, () => false), around('/*', '/connectors/*'))
    eachText('isInternal', (text) => isInternal('POST', text), around('/connectors/*/tasks'))
    eachText('basicCredentials', basicCredentials, around('*', 'Basic *', 'basic * x'))
    eachText('checkContentType', (text) => checkContentType(text, true, true))
    eachText('acceptedType', acceptedType, around('*', 'application/json;*'))
    eachText('acceptsText', acceptsText)
    eachText('connectorPath', connectorPath)
    eachText('response headers', parseHeaderRules, around('*', 'set *', 'set a: *'))
  })

  void it('in versions, files and references to providers', () => {
    for (const frame of around('*', '[*', '[1,*]', '(*,2)', '1.*')) {
      eachText('a range', (text) => inRange('1.0', frame(text)))
      eachText('a range as text', (text) => rangeText(frame(text)))
    }
    eachText('properties', parseProperties, around('*', 'a=*', 'a=\\\n*'))
    const worker = new Map([
      ['config.providers', 'env'],
      ['config.providers.env.class', 'org.apache.kafka.common.config.provider.EnvVarConfigProvider']
    ])
    const providers = new ConfigProviders(providerSettings(worker), { A: 'b' })
    const frames = around('*', '${*', '${env:*', '${env:a:*', '${env:A}*', '${env:*}', '${*}')
    eachText('references', (text) => providers.resolve(new Map([['a', text]])), frames)
    eachText('life of references', (text) => providers.ttlMs(new Map([['a', text]])), frames)
  })
})

/** What of the dialect reads an address and its driver's properties, and how addresses look. */
const targets: Readonly<Record<string, [(options: OpenOptions) => unknown, ...string[]]>> = {
  PostgreSqlDatabaseDialect: [
    postgresTarget,
    '*',
    '//*',
    '//h*',
    '//h:*',
    '//h/*',
    '//h/d?*',
    '//h/d?options=*',
    '//h/d?a=*'
  ],
  MySqlDatabaseDialect: [
    mysqlTarget,
    '*',
    '//*',
    '//h:*',
    '//u:*@h/d',
    '//h/d?*',
    '//h/d?sessionVariables=*',
    '//address=(*',
    '//(host=*',
    '//[*',
    '//(*)/d',
    '//address=(host=h)(*/d',
    'sequential://*',
    'replication://*'
  ],
  OracleDatabaseDialect: [
    oracleTarget,
    '*',
    'thin:*',
    'thin:@*',
    'thin:@(*',
    'thin:@(DESCRIPTION=(ADDRESS=(HOST=*',
    'thin:@(a=*)',
    'thin:u/*@h',
    'thin:@//h:1/s?*',
    'thin:@//h:1/*',
    'thin:@tcps:*'
  ],
  SqlServerDatabaseDialect: [
    sqlServerTarget,
    '*',
    '//*',
    '//h:*',
    '//h\\\\*',
    '//h;*',
    '//h;a=*',
    '//h;password={*',
    '//h;a={*};b=c'
  ],
  SqliteDatabaseDialect: [sqliteTarget, '*', 'file:*', 'x?*', 'file:x?a=*']
}

void describe('I8: What an address or a property of a driver says', () => {
  void it('costs time in proportion to its length', () => {
    eachText(
      'an address',
      (text) => parseJdbcUrl(text, dialects),
      around('*', 'jdbc:*', 'jdbc:x:*')
    )
    for (const dialect of dialects) {
      const [read, ...rests] = targets[dialect.name] ?? []
      assert.ok(read, dialect.name)
      const protocol = dialect.subProtocols.at(-1)
      const frames = around(...rests.map((rest) => `jdbc:${protocol}:${rest}`))
      eachText(dialect.name, (url) => read(openOptions(dialect, { url })), frames, 3000)
    }
  })

  void it('costs time in proportion to its length, for each property of each driver', () => {
    const urls = [
      'postgresql://h/d',
      'mysql://h/d',
      'mariadb://h/d',
      'oracle:thin:@//h/d',
      'sqlserver://h',
      'sqlite:/x'
    ]
    const pieces = [
      "'",
      '(',
      ',',
      ';',
      ' ',
      "a='b',",
      '\\',
      '"',
      '=',
      'SET ',
      "''",
      'a ',
      '()',
      '-c a=',
      ':',
      'a.',
      'a'
    ]
    for (const [index, table] of driverTables.entries()) {
      const url = `jdbc:${urls[index]}`
      const { dialect } = parseJdbcUrl(url, dialects)
      const [read] = targets[dialect.name] ?? []
      assert.ok(read, dialect.name)
      for (const name of fatesOf(table).keys()) {
        for (const piece of pieces) {
          assertLinear(
            `${table.driver} ${name} ${piece}`,
            (length) => `a${piece.repeat(length / piece.length)}b`,
            (text) => read(openOptions(dialect, { url, properties: { [name]: text } })),
            4000
          )
        }
      }
    }
  })
})

const properties = new Map(
  Object.entries({
    'bootstrap.servers': 'localhost:9092',
    'key.converter': 'JsonConverter',
    'value.converter': 'JsonConverter',
    'offset.storage.file.filename': '/tmp/offsets'
  })
)
const context = {
  plugins: new Plugins(builtinPlugins()),
  workerConfig: parseWorkerConfig('standalone', properties),
  providers: new ConfigProviders(providerSettings(properties))
}
const base = {
  name: 'n',
  'connector.class': 'JdbcSource',
  'connection.url': 'jdbc:sqlite:/there/is/none',
  mode: 'bulk',
  'topic.prefix': 't',
  'table.whitelist': 't'
}

/** The answer about a configuration, null when it is refused. */
function validated(more: Record<string, string>): Promise<unknown> {
  const config = new Map(Object.entries({ ...base, ...more }))
  return validateConnector(context, config, AbortSignal.timeout(10_000)).catch(() => null)
}

void describe('I8: A setting costs time in proportion to its length', () => {
  void it('whatever component it is of', () => {
    for (const plugin of builtinPlugins()) {
      const config = 'config' in plugin ? plugin.config : {}
      for (const name of Object.keys(config)) {
        eachText(
          `${plugin.className} ${name}`,
          (text) => checkConfig(config, new Map([[name, text]])),
          undefined,
          3000
        )
      }
    }
  })

  void it('as text of a query', () => {
    const frames = around(
      '*',
      'SELECT * FROM t',
      'SELECT a FROM b *',
      'WITH *',
      'SELECT ${*',
      'SELECT {*'
    )
    eachText('a query', describableQuery, frames)
    eachText('placeholders', (text) => checkPlaceholders(text, 'timestamp', false), frames)
    eachText('outer joins', hasOuterJoin, frames)
  })

  void it('as rules for new topics', () => {
    for (const key of ['groups', 'default.partitions', 'a.include', 'a.exclude', 'a.*']) {
      eachText(
        `topic.creation.${key}`,
        (text) =>
          topicCreationGroups(
            new Map([
              ['topic.creation.groups', 'a'],
              [`topic.creation.${key}`, text]
            ])
          ),
        undefined,
        2000
      )
    }
  })

  void it('when there are many of them, or many names in one', async () => {
    const many = (count: number, entry: (at: number) => string): string[] =>
      Array.from({ length: count }, (_, at) => entry(at))
    const forms: Record<string, (count: number) => Record<string, string>> = {
      'unknown keys': (count) =>
        Object.fromEntries(many(count, (at) => `x.y${at}`).map((key) => [key, 'v'])),
      'stray keys': (count) => ({
        'table.settings': 'a',
        ...Object.fromEntries(
          many(count, (at) => `table.settings.b${at}.mode`).map((key) => [key, 'v'])
        )
      }),
      'unknown keys of a table': (count) => ({
        'table.settings': 'a',
        ...Object.fromEntries(
          many(count, (at) => `table.settings.a.b${at}`).map((key) => [key, 'v'])
        )
      }),
      tables: (count) => ({ 'table.settings': many(count, (at) => `t${at}`).join() }),
      queries: (count) => ({ queries: many(count, (at) => `q${at}`).join() }),
      transforms: (count) => ({ transforms: many(count, (at) => `t${at}`).join() }),
      'keys of transforms': (count) => ({
        transforms: many(count / 10, (at) => `t${at}`).join(),
        ...Object.fromEntries(
          many(count, (at) => `transforms.t${at}.type`).map((key) => [key, 'Cast'])
        )
      }),
      predicates: (count) => ({ predicates: many(count, (at) => `t${at}`).join() }),
      whitelist: (count) => ({ 'table.whitelist': many(count, (at) => `t${at}`).join() }),
      columns: (count) => ({
        mode: 'timestamp',
        'timestamp.column.name': many(count, (at) => `c${at}`).join()
      }),
      groups: (count) => ({ 'topic.creation.groups': many(count, (at) => `g${at}`).join() }),
      overrides: (count) =>
        Object.fromEntries(many(count, (at) => `producer.override.x${at}`).map((key) => [key, 'v']))
    }
    for (const [what, form] of Object.entries(forms)) {
      await assertLinearRequest(
        what,
        (count) => String(count),
        (count) => validated(form(Number(count))),
        1500
      )
    }
  })

  void it('in the validation of a whole configuration', async () => {
    const keys = [
      ...Object.keys(jdbcSourcePlugin.config).filter((key) => key !== 'connection.url'),
      ...`name connector.class connector.plugin.version tasks.max transforms predicates topic.creation.groups
        key.converter value.converter header.converter errors.tolerance producer.override.linger.ms
        transforms.a.type transforms.a.x table.settings.a.tables table.settings.a.pattern
        table.settings.a.query queries.a.query key.converter.plugin.version`.split(/\s+/)
    ]
    const pieces = [
      'a',
      ',',
      '.',
      'a,',
      '${',
      '${a',
      '"',
      "'",
      '(',
      '[',
      ':',
      '=',
      ' ',
      '\\',
      'a.b,',
      '"a".',
      '1',
      '-',
      'T',
      '{',
      '${table}',
      '|',
      '[a|b],',
      'a:[b],',
      'é',
      '\u0000',
      'PT',
      '1.',
      '/*',
      '--',
      '$$',
      'a:b,',
      'a b '
    ]
    for (const key of keys) {
      for (const piece of pieces) {
        await assertLinearRequest(
          `${key} ${piece}`,
          (length) => `a${piece.repeat(length / piece.length)}b`,
          (text) => {
            const more = key.includes('.a.')
              ? { transforms: 'a', queries: 'a', 'table.settings': 'a' }
              : {}
            return validated({ ...more, [key]: text })
          },
          3000
        )
      }
    }
  })
})
