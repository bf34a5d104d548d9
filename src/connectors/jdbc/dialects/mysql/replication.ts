import { isRetriable } from '../../../../errors.ts'
import type { Row } from '../../database/database.ts'

/**
 * Settings of servers whose rows others write. Names that a server does not know are left out of the answer.
 */
const SETTINGS = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on', 'group_replication_group_name', 'group_replication_single_primary_mode')`

/** The channels of a group are there on its only writer as well. */
const CHANNELS = `SELECT COUNT(*) FROM performance_schema.replication_applier_status WHERE SERVICE_STATE = 'ON' AND CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'`

interface Session {
  ask(sql: string): Promise<Row[]>
}

/**
 * Why rows may come from transactions of other servers, which this one does not show; null: there is no such
 * reason at present. `appliers`: threads that write what another server committed.
 */
export async function mysqlWritersElsewhere(
  session: Session,
  appliers: number
): Promise<string | null> {
  const settings = new Map(
    (await session.ask(SETTINGS)).map(([name, value]) => [
      String(name).toLowerCase(),
      String(value).toUpperCase()
    ])
  )
  const is = (name: string, ...off: string[]): boolean =>
    !['', '0', 'OFF', ...off].includes(settings.get(name) ?? '')
  // MariaDB has more words than ON.
  for (const name of ['read_only', 'super_read_only', 'innodb_read_only']) {
    if (is(name)) {
      return `the server is read-only (${name}): a replica does not show the transactions of its source`
    }
  }
  if (is('wsrep_on')) return 'the server is a member of a cluster whose other members write too'
  const inGroup = is('group_replication_group_name')
  if (inGroup && !is('group_replication_single_primary_mode')) {
    return 'the server is a member of a group that writes to several of its members'
  }
  return appliers > 0 && (!inGroup || (await hasOtherChannels(session)))
    ? 'the server is a replica of another one: it does not show the transactions of its source'
    : null
}

async function hasOtherChannels(session: Session): Promise<boolean> {
  try {
    return Number((await session.ask(CHANNELS))[0]?.[0] ?? 0) > 0
  } catch (error) {
    // Without a right to see whose threads they are they may be those of a source outside of the group.
    if (isRetriable(error)) throw error
    return true
  }
}
