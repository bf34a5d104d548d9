import type { ConfigMap } from '../../src/config/config-def.ts'
import { openSqliteFile } from './sqlite-file.ts'

/**
 * Two empty tables, `orders` and `customers`, and how a source reads them by time and id, the clock on the
 * wall being Berlin's.
 */
export function datedShop(): {
  config(over?: Readonly<Record<string, string>>): ConfigMap
  close(): void
} {
  const columns = '(id INTEGER PRIMARY KEY, changed TIMESTAMP NOT NULL)'
  const { url, close } = openSqliteFile(
    `CREATE TABLE orders ${columns}; CREATE TABLE customers ${columns}`
  )
  const keys = {
    'connection.url': url,
    mode: 'timestamp+incrementing',
    'timestamp.column.name': 'changed',
    'incrementing.column.name': 'id',
    'topic.prefix': 't-',
    'table.whitelist': 'orders,customers',
    'db.timezone': 'Europe/Berlin'
  }
  return { config: (over = {}) => new Map(Object.entries({ ...keys, ...over })), close }
}
