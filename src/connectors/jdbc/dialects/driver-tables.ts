import type { DriverTable } from './shared/driver-properties.ts'
import { mariadbProperties } from './mysql/mariadb-properties.ts'
import { connectorJProperties } from './mysql/properties.ts'
import { ojdbcProperties } from './oracle/properties.ts'
import { pgjdbcProperties } from './postgres/properties.ts'
import { sqliteJdbcProperties } from './sqlite/properties.ts'
import { mssqlJdbcProperties } from './sqlserver/properties.ts'

/**
 * The properties of every JDBC driver whose configurations are understood here; their page in docs/config
 * derives from it.
 */
export const driverTables: readonly DriverTable[] = [
  pgjdbcProperties,
  connectorJProperties,
  mariadbProperties,
  ojdbcProperties,
  mssqlJdbcProperties,
  sqliteJdbcProperties
]
