import type {
  Dialect,
  OpenOptions,
  TableId
} from '../../../src/connectors/jdbc/database/database.ts'
import type {
  WriterOptions,
  WriteSession,
  WritingDialect
} from '../../../src/connectors/jdbc/database/writing.ts'
import { dialects } from '../../../src/connectors/jdbc/dialects/dialects.ts'
import type { SessionUser } from './session-user.ts'
import { failure, ModelWriteSession, notAsked } from './write-session.ts'

/** The model's side of a connector: `jdbc:simulated:` and the name of a task. */
class SimulatedDialect implements Dialect {
  readonly name = 'SimulatedDatabaseDialect'
  readonly displayName = 'the model'
  readonly subProtocols = ['simulated']
  readonly urlExample = 'jdbc:simulated:1'
  readonly quotes = ['"', '"'] as const
  readonly users = new Map<string, SessionUser>()

  readonly writing: WritingDialect = {
    open: (options) => this.#open(options),
    columnType: () => null,
    createTable: () => [],
    addColumns: () => [],
    createOffsetsTable: () => 'no DDL',
    statementText: ({ operation }) => operation
  }

  open = notAsked
  timestampExpression = notAsked
  bindTimestamp = notAsked
  bindId = notAsked
  firstRow = notAsked

  nameParts({ table: name }: TableId): string[] {
    return [name]
  }

  /** Takes a round trip, as everything else; nobody is let in while the server is away. */
  async #open({ url, signal, writeTimeoutMs }: OpenOptions & WriterOptions): Promise<WriteSession> {
    const user = this.users.get(url.rest)
    if (user === undefined) throw new Error(`There is no task ${url.rest}`)
    const { process, server, random, weather } = user
    await process.sleep(random.next() * 5)
    const isCut = process.monotonicMs() < process.cutFromDatabaseUntilMs
    if (signal.aborted || isCut || server.isAway || random.chance(weather.breaks)) {
      await process.sleep(random.within(0, 50))
      throw failure('outage', 'it cannot be reached')
    }
    return new ModelWriteSession(this, user, writeTimeoutMs)
  }
}

/** The one dialect of all schedules, known to the connector. */
export const simulated = new SimulatedDialect()
;(dialects as Dialect[]).push(simulated)
