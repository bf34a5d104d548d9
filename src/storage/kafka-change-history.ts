import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { LogRecord, TopicLog } from '../kafka/contracts.ts'
import { type Logger, loggers } from '../log.ts'
import {
  type Change,
  type ChangeHistory,
  changeKinds,
  type ChangeKind,
  type NewChange,
  type ShownConfig
} from './change-history.ts'
import { ChangeLogState } from './change-log-state.ts'
import type { KafkaStoreOptions } from './kafka-store-options.ts'

/** A request waits so long for its entry. */
const ENTER_LIMIT_MS = 5000
/** How long what was entered elsewhere is waited for. */
const READ_LIMIT_MS = 5000

/**
 * The history topic: each change is a record with a key of its own, so that compaction leaves all of them. A
 * value is JSON with the fields of {@link Change} but its number, which is the offset.
 */
export class KafkaChangeHistory implements ChangeHistory {
  readonly #workerId: string
  readonly #topicLog: TopicLog
  readonly #state = new ChangeLogState()
  readonly #starting = new AbortController()
  readonly #clock: Clock
  readonly #log: Logger

  constructor(options: KafkaStoreOptions & { readonly workerId: string }) {
    this.#workerId = options.workerId
    this.#clock = options.clock
    this.#log = options.log ?? loggers.get('org.apache.kafka.connect.storage.KafkaChangeHistory')
    this.#topicLog = options.clients.topicLog({
      topic: options.topic,
      client: options.client,
      clientId: options.clientId,
      create: options.create,
      property: 'history.storage.topic',
      purpose: 'the history of changes',
      singlePartition: true,
      onRecord: (record) => this.#read(record)
    })
  }

  async start(): Promise<void> {
    await this.#topicLog.start(this.#starting.signal)
  }

  async add(change: NewChange): Promise<void> {
    const at = this.#clock.now()
    const entry = { ...change, at, workerId: this.#workerId }
    const key = `${change.connector ?? ''} ${at} ${randomUUID()}`
    try {
      const value = Buffer.from(JSON.stringify(entry))
      await this.#topicLog.send(Buffer.from(key), value, ENTER_LIMIT_MS)
    } catch (error) {
      this.#log.error('A change could not be entered in the history', { error, change: entry })
    }
  }

  async latest(connector: string | null, limit: number): Promise<readonly Change[]> {
    await this.#topicLog.readToEnd(READ_LIMIT_MS)
    return this.#state.latest(connector, limit)
  }

  async find(connector: string, id: number): Promise<Change | null> {
    await this.#topicLog.readToEnd(READ_LIMIT_MS)
    return this.#state.find(connector, id)
  }

  async stop(): Promise<void> {
    this.#starting.abort()
    await this.#topicLog.stop()
  }

  #read({ offset, value }: LogRecord): void {
    if (value === null) return
    const change = changeOf(Number(offset), value)
    if (change === null) this.#log.warn('The history has a record that is none of its', { offset })
    else this.#state.add(change, value.length)
  }
}

/** null: it is none; anybody may write to a topic. */
function changeOf(id: number, value: Uint8Array): Change | null {
  let given: Readonly<Record<string, unknown>>
  try {
    given = Object(JSON.parse(Buffer.from(value).toString())) as typeof given
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const { what, at, workerId } = given
  const kind = changeKinds.find((known) => known === what)
  if (kind === undefined || typeof at !== 'number' || typeof workerId !== 'string') return null
  return { ...changeFields(kind, given), id, at, workerId }
}

function changeFields(what: ChangeKind, given: Readonly<Record<string, unknown>>): NewChange {
  const by = Object(given['by']) as Readonly<Record<string, unknown>>
  return {
    what,
    connector: textOf(given['connector']),
    by: { user: textOf(by['user']), address: textOf(by['address']), note: textOf(by['note']) },
    details: Object(given['details'] ?? {}) as NewChange['details'],
    before: configOf(given['before']),
    after: configOf(given['after'])
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

function configOf(value: unknown): ShownConfig | null {
  if (typeof value !== 'object' || value === null) return null
  const entries = Object.entries(value).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(entries) as ShownConfig
}
