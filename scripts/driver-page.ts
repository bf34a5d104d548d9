import {
  type DriverTable,
  fatesOf,
  refusedEntry
} from '../src/connectors/jdbc/dialects/shared/driver-properties.ts'
import { driverTables } from '../src/connectors/jdbc/dialects/driver-tables.ts'

/** The page of all properties of all JDBC drivers, from the tables the dialects read. */
export function driverPropertiesPage(): string {
  return [
    '<!-- Written by `npm run docs` from the tables in the sources: change those. -->',
    '',
    '# Driver properties',
    '',
    'Every property of every JDBC driver whose configurations are understood here, in the URL or as `connection.<name>`: it acts as there, has no effect and is said to have none (in the log and in a preview, with the reason), or is refused by name. What belongs together, and which of two values counts, is in [addresses](../jdbc-addresses.md).',
    '',
    ...driverTables.flatMap(section)
  ].join('\n')
}

function section(table: DriverTable): string[] {
  const count = fatesOf(table).size
  const names = table.ignoresCase ? 'Names have no case.' : 'Names are written exactly so.'
  const code = (list: readonly string[]): string =>
    [...list]
      .sort()
      .map((name) => `\`${name}\``)
      .join(', ')
  const rows = (kind: string, of: Readonly<Record<string, readonly string[]>>): string[] =>
    Object.entries(of).map(([why, list]) => `| ${kind} | ${code(list.map(shownEntry))} | ${why} |`)
  return [
    `## ${table.driver}`,
    '',
    `${count} properties, those of version ${table.version}. ${names}`,
    '',
    '| | properties | |',
    '|---|---|---|',
    `| acts | ${code(table.acts)} | |`,
    ...rows('no effect', table.idle),
    ...rows('makes no difference', table.needless),
    ...rows('refused', table.refused),
    ...aliases(table),
    ''
  ]
}

/** `name=a|b`: what is not refused. */
function shownEntry(entry: string): string {
  const { name, harmless } = refusedEntry(entry)
  return harmless.length === 0 ? name : `${name} (but ${harmless.join(', ')})`
}

function aliases(table: DriverTable): string[] {
  const list = Object.entries(table.aliases ?? {})
  if (list.length === 0) return []
  return [
    `| other names | ${list.map(([alias, name]) => `\`${alias}\` = \`${name}\``).join(', ')} | |`
  ]
}
