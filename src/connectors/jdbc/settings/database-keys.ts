import { configDef } from '../../../config/config-def.ts'
import { dialects, unsupportedDialects } from '../dialects/dialects.ts'
import { lowerOrUpper, problemOf, word } from './key-checks.ts'
import { tablePattern } from './table-pattern.ts'

const CREDENTIALS_PROVIDER = 'io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider'

function patterns(values: readonly string[]): string | null {
  return problemOf(() => values.forEach((value) => tablePattern(value)))
}

/** Keys that say which tables to copy. */
export const FILTERS = [
  'table.whitelist',
  'table.blacklist',
  'table.include.list',
  'table.exclude.list'
] as const

/** With a value that is none in one of these, no database can be asked. */
export const NEEDED_TO_CONNECT = ['connection.url', 'dialect.name', 'db.timezone'] as const

/** How to reach the database, which of its tables to read, and how its types are carried. */
export const databaseKeys = configDef({
  'connection.url': {
    type: 'string',
    default: '',
    importance: 'high',
    group: 'Database',
    width: 'long',
    displayName: 'JDBC URL',
    dependents: ['table.whitelist', 'table.blacklist'],
    doc: 'JDBC connection URL, as for the JVM connector. Its sub-protocol selects the dialect.'
  },
  'connection.user': {
    type: 'string',
    default: null,
    importance: 'high',
    group: 'Database',
    width: 'long',
    displayName: 'JDBC User',
    doc: 'Name of the database user.'
  },
  'connection.password': {
    type: 'password',
    default: null,
    importance: 'high',
    group: 'Database',
    width: 'short',
    displayName: 'JDBC Password',
    doc: 'Password of the database user. Never written to a log.'
  },
  'jdbc.credentials.provider.class': {
    type: 'class',
    default: CREDENTIALS_PROVIDER,
    importance: 'low',
    group: 'Database',
    width: 'long',
    displayName: 'JDBC Credentials Provider Class',
    doc: 'Only the default, which takes user and password from the configuration: classes of Java cannot be loaded. Use a configuration provider for secrets.',
    check: (value: string) =>
      value === CREDENTIALS_PROVIDER
        ? null
        : 'Java classes cannot be loaded; use a configuration provider such as ${file:…} for secrets'
  },
  'connection.attempts': {
    type: 'int',
    default: 3,
    atLeast: 1,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'JDBC connection attempts',
    doc: 'Attempts to connect before giving up for the moment.'
  },
  'connection.backoff.ms': {
    type: 'long',
    default: 10_000,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'JDBC connection backoff in milliseconds',
    doc: 'Pause between two attempts to connect. A task that is stopped does not wait for its end.'
  },
  'table.whitelist': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Database',
    width: 'long',
    displayName: 'Table Whitelist',
    doc: 'Tables to copy: bare names, or qualified by schema, quoted or not. A name that differs from the table only in case is understood.'
  },
  'table.blacklist': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Database',
    width: 'long',
    displayName: 'Table Blacklist',
    doc: 'Tables not to copy; all others are. Ignored when a whitelist is set.'
  },
  'table.include.list': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Database',
    width: 'long',
    displayName: 'Tables Included (Regex)',
    doc: 'Regular expressions in the syntax of RE2; a table is copied when one of them matches its whole qualified name.',
    check: patterns
  },
  'table.exclude.list': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Database',
    width: 'long',
    displayName: 'Tables Excluded (Regex)',
    doc: 'Regular expressions of tables to leave out from those included.',
    check: patterns
  },
  'catalog.pattern': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Database',
    width: 'short',
    displayName: 'Schema pattern',
    doc: 'Name of the catalog (database) to look for tables in; in it % stands for any text, and an underscore for itself, as for the JVM drivers. By default the database of the URL.'
  },
  'schema.pattern': {
    type: 'string',
    default: null,
    importance: 'high',
    group: 'Database',
    width: 'short',
    displayName: 'Schema pattern',
    doc: 'LIKE pattern of the schemas to look for tables in. Without it every schema the user can see is searched.'
  },
  'numeric.precision.mapping': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Map Numeric Values By Precision (deprecated)',
    doc: 'Old form of numeric.mapping=precision_only; used when that is not set.'
  },
  'numeric.mapping': {
    type: 'string',
    default: null,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Map Numeric Values, Integral or Decimal, By Precision and Scale',
    doc: 'How NUMERIC columns become Connect types: none keeps Decimal, the others choose integers or doubles by precision and scale. DECIMAL columns stay Decimal.',
    check: word(lowerOrUpper(['none', 'precision_only', 'best_fit', 'best_fit_eager_double']))
  },
  'dialect.name': {
    type: 'string',
    default: '',
    importance: 'low',
    group: 'Database',
    width: 'long',
    displayName: 'Database Dialect',
    doc: 'Dialect to use; by default the one that fits the connection URL.',
    check: (value: string) => {
      const known = ['', ...dialects.map((dialect) => dialect.name)]
      if (known.includes(value)) return null
      const planned = unsupportedDialects.includes(value)
      return `${planned ? 'This dialect is not supported' : 'Invalid dialect name'}; supported: ${known.slice(1).join(', ')}`
    }
  },
  'date.calendar.system': {
    type: 'string',
    default: 'LEGACY',
    importance: 'low',
    group: 'Database',
    width: 'medium',
    displayName: 'Date Calendar System',
    oneOf: ['LEGACY', 'PROLEPTIC_GREGORIAN'],
    doc: 'How dates before 15 October 1582 become numbers: LEGACY reads them in the Julian calendar, as Java always did.'
  }
})
