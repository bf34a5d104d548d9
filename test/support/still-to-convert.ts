/** Files that still wait by hand. The list only becomes shorter. */
export const TIMERS_TO_CONVERT: readonly string[] = [
  'connectors/file-stream/standard-input.ts',
  'connectors/jdbc/dialects/mysql/connection.ts',
  'connectors/jdbc/dialects/mysql/row-stream.ts',
  'connectors/jdbc/dialects/mysql/session.ts',
  'connectors/jdbc/dialects/oracle/connection.ts',
  'connectors/jdbc/dialects/oracle/session.ts',
  'connectors/jdbc/dialects/postgres/connection.ts',
  'connectors/jdbc/dialects/postgres/dialect.ts',
  'connectors/jdbc/dialects/postgres/session.ts',
  'connectors/jdbc/dialects/sqlite/thread.ts',
  'connectors/jdbc/dialects/sqlserver/connection.ts',
  'connectors/jdbc/dialects/sqlserver/row-stream.ts',
  'connectors/jdbc/dialects/sqlserver/session.ts',
  'converters/registry/registry-api.ts',
  'plugin/plugin-loader.ts'
]
/** Files that still take the computer's clock by themselves. The list only becomes shorter. */
export const CLOCKS_TO_INJECT: readonly string[] = [
  'connectors/file-stream/file-stream-source-task.ts',
  'converters/registry/schema-registry.ts'
]
/** Rooms whose folders have no table of imports in `test/architecture.test.ts` yet. The list only becomes shorter. */
export const FOLDERS_WITHOUT_TABLE: readonly string[] = ['tasks']
