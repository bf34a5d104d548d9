import { chmodSync, rmSync } from 'node:fs'
import { type Database, startMariaDb, startPostgres } from '../../scripts/databases.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** A server of a test's own, whose settings, roles and replication are its to change. */
export interface OwnDatabase extends Omit<Database, 'stop'> {
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export async function ownDatabase(
  kind: 'PostgreSQL' | 'MariaDB',
  settings: readonly string[] = []
): Promise<OwnDatabase> {
  const folder = makeTemporaryFolder()
  // The account the server runs under has to get in.
  chmodSync(folder, 0o755)
  const options = { dir: `${folder}/server`, logTo: `${folder}/server.log`, settings }
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const database = await (kind === 'PostgreSQL' ? startPostgres(options) : startMariaDb(options))
    return {
      url: database.url,
      get pid() {
        return database.pid
      },
      restart: () => database.restart(),
      async stop() {
        await database.stop()
        remove()
      }
    }
  } catch (error) {
    remove()
    throw error
  }
}
