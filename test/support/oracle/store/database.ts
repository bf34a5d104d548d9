import { DatabaseSync } from 'node:sqlite'
import { OracleError } from '../oracle-error.ts'
import type { Release } from '../release.ts'
import type { Moment } from '../wire/moment.ts'
import { numberOf } from '../wire/number.ts'
import { encodeDate } from '../wire/datetime.ts'
import { formatDatetime } from '../sql/date-format.ts'
import { registerSessionFunctions, type SessionContext } from '../sql/session-functions.ts'
import { registerValueFunctions } from '../sql/value-functions.ts'
import { Dictionary } from './dictionary.ts'
import { HeldChanges } from './held-changes.ts'
import type { SchemaObject, SystemView } from './objects.ts'
import { Rows } from './rows.ts'
import type { SystemFacts } from './system-facts.ts'
import { systemView } from './system-views.ts'
import { Transaction } from './transaction.ts'

interface User {
  readonly name: string
  password: string
  locked: boolean
}

/** What the database knows of a session that is logged on. */
interface SessionFacts {
  readonly id: number
  readonly serial: number
  readonly user: string
  readonly attributes: ReadonlyMap<string, string>
}

const DICTIONARY_RIGHTS = ['SELECT ANY DICTIONARY', 'SELECT_CATALOG_ROLE', 'DBA']
const TABLE_RIGHTS = ['SELECT ANY TABLE', 'READ ANY TABLE', 'DBA']

/** The database behind all sessions: users, schema objects, transactions and the clock. */
export class Database {
  readonly sqlite = new DatabaseSync(':memory:')
  readonly dictionary = new Dictionary(this.sqlite)
  readonly transactions = new Map<number, Transaction>()
  readonly rows = new Rows(this.sqlite, this.transactions)
  readonly sessions = new Set<SessionFacts>()
  /** Those in a transaction that can only read. */
  readonly readers = new Set<SessionFacts>()
  readonly held = new HeldChanges()
  /** Instances of a cluster that have the database open; sessions are all on the first. */
  instances = 1
  role = 'PRIMARY'
  dependencies: readonly (readonly (string | null)[])[] = []
  /** The session SQLite's functions work for at the moment. */
  context: SessionContext
  /** Zone of the host: that of SYSDATE. */
  readonly hostZone: string
  readonly release: Release
  /** Milliseconds by which the database's clock is ahead of the machine's. */
  clockOffsetMs = 0
  /** Queries that are being fetched from. */
  openQueries = 0
  /** Counts definitions, so that compiled statements know when they are stale. */
  version = 0
  readonly #users = new Map<string, User>()
  readonly #objects = new Map<string, SchemaObject>()
  readonly #rights = new Set<string>()
  readonly #startedAt: Moment
  #scn = 1_000_000
  #lastId = 70_000
  #lastTransaction = 0
  #lastSession = 100
  #lastMicros = 0

  constructor(hostZone: string, release: Release) {
    this.hostZone = hostZone
    this.release = release
    this.#startedAt = this.now()
    this.context = {
      zone: hostZone,
      now: this.#startedAt,
      nls: new Map(),
      hostZone,
      scn: this.#scn,
      environment: () => null
    }
    registerValueFunctions(this.sqlite, () => this.context)
    registerSessionFunctions(this.sqlite, () => this.context)
    this.addUser('SYS', null)
    this.addUser('PUBLIC', null)
    this.grant('PUBLIC', 'SELECT', 'SYS', 'DUAL')
  }

  /** UTC, to the microsecond, never twice the same. */
  now(): Moment {
    const real = Math.floor(
      (performance.timeOrigin + performance.now() + this.clockOffsetMs) * 1000
    )
    const micros =
      real > this.#lastMicros || this.#lastMicros - real > 1e6 ? real : this.#lastMicros + 1
    this.#lastMicros = micros
    const seconds = Math.floor(micros / 1e6)
    return { seconds, nanos: (micros - seconds * 1e6) * 1000 }
  }

  get scn(): number {
    return this.#scn
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  nextSession(): { id: number; serial: number } {
    this.#lastSession += 1
    return { id: this.#lastSession, serial: (this.#lastSession * 7919) % 65_536 }
  }

  addUser(name: string, password: string | null): void {
    if (this.#users.has(name)) throw new OracleError(1920, [name])
    // A user without a password can never log on.
    this.#users.set(name, { name, password: password ?? '', locked: password === null })
    if (name !== 'PUBLIC') this.dictionary.addUser(name, this.nextId(), this.now())
  }

  dropUser(name: string): void {
    if (!this.#users.delete(name)) throw new OracleError(1918, [name])
    this.dictionary.removeUser(name)
    for (const object of Array.from(this.#objects.values()))
      if (object.owner === name) this.remove(object)
  }

  userNamed(name: string): User {
    const user = this.#users.get(name)
    if (user === undefined) throw new OracleError(1918, [name])
    return user
  }

  /** null: nobody can log on by this name. */
  passwordOf(name: string): string | null {
    const user = this.#users.get(name)
    return user === undefined || user.password === '' ? null : user.password
  }

  /** Gives the right to an object, or with an empty owner a right of the system. */
  grant(grantee: string, privilege: string, owner: string, name: string): void {
    this.userNamed(grantee)
    this.#rights.add(JSON.stringify([grantee, privilege, owner, name]))
    this.dictionary.grant(grantee, privilege, owner, name)
  }

  revoke(grantee: string, privilege: string, owner: string, name: string): void {
    this.#rights.delete(JSON.stringify([grantee, privilege, owner, name]))
    this.dictionary.revoke(grantee, privilege, owner, name)
    this.version += 1
  }

  #may(user: string, privileges: readonly string[], owner = '', name = ''): boolean {
    return [user, 'PUBLIC'].some((grantee) =>
      privileges.some((privilege) =>
        this.#rights.has(JSON.stringify([grantee, privilege, owner, name]))
      )
    )
  }

  mayRead(user: string, owner: string, name: string): boolean {
    return (
      user === 'SYS' ||
      owner === user ||
      this.#may(user, TABLE_RIGHTS) ||
      this.#may(user, ['SELECT', 'READ', 'ALL'], owner, name)
    )
  }

  mayChange(user: string, owner: string, name: string): boolean {
    if (user === 'SYS' || owner === user || this.#may(user, ['DBA'])) return true
    return this.#may(user, ['INSERT', 'UPDATE', 'DELETE', 'ALL'], owner, name)
  }

  mayReadDictionary(user: string, view: string): boolean {
    return (
      user === 'SYS' ||
      this.#may(user, DICTIONARY_RIGHTS) ||
      this.#may(user, ['SELECT', 'READ'], 'SYS', view.replace(/^(G?V)\$/, '$1_$'))
    )
  }

  find(owner: string, name: string): SchemaObject | null {
    return this.#objects.get(JSON.stringify([owner, name])) ?? null
  }

  /** ORA-00955 when the name is taken. */
  add(object: SchemaObject): void {
    const key = JSON.stringify([object.owner, object.name])
    if (this.#objects.has(key)) throw new OracleError(955)
    this.#objects.set(key, object)
    this.version += 1
  }

  remove(object: SchemaObject): void {
    this.#objects.delete(JSON.stringify([object.owner, object.name]))
    this.dictionary.remove(object)
    if (object.kind === 'table') this.rows.abandon(object)
    this.version += 1
  }

  /** All tables, for looking up what an index is on. */
  *objects(): Iterable<SchemaObject> {
    yield* this.#objects.values()
  }

  /** What a path in a FROM clause means to a user in a schema. ORA-00942 when it means nothing he may see. */
  resolve(path: readonly string[], schema: string, user: string): SchemaObject | SystemViewName {
    const [first = '', second] = path
    const [owner, name] = second === undefined ? [schema, first] : [first, second]
    let object = this.find(owner, name)
    if (object === null && second === undefined) object = this.find('PUBLIC', name)
    for (let hops = 0; object?.kind === 'synonym' && hops < 10; hops++) {
      const { target } = object
      if (target.link !== null) throw new OracleError(2019)
      object = this.find(target.owner, target.name)
      if (object === null && target.owner === 'SYS')
        return { kind: 'systemName', name: target.name }
    }
    if (object !== null) {
      if (this.mayRead(user, object.owner, object.name)) return object
      throw new OracleError(942)
    }
    if (second !== undefined && owner !== 'SYS') throw new OracleError(942)
    return { kind: 'systemName', name: name.replace(/^(G?V)_\$/, '$1$') }
  }

  systemView(name: string, user: string, nls: ReadonlyMap<string, string>): SystemView {
    const view = systemView(name, this.#systemFacts(user, nls))
    if (view === null) throw new OracleError(942)
    if (view.guarded && !this.mayReadDictionary(user, name)) throw new OracleError(942)
    return view
  }

  #systemFacts(user: string, nls: ReadonlyMap<string, string>): SystemFacts {
    const transactions = [...this.transactions.values()].map((transaction) => {
      const { id, sessionId, startedAt, startScn } = transaction
      return {
        id,
        session: sessionId,
        startTime: formatDatetime(
          { wall: startedAt, offsetMinutes: 0 },
          'MM/DD/RR HH24:MI:SS',
          false
        ),
        startDate: encodeDate(startedAt.seconds),
        startScn: numberOf(startScn),
        records: numberOf(transaction.changes)
      }
    })
    return {
      user,
      seesAll: user === 'SYS' || this.#may(user, TABLE_RIGHTS),
      transactions,
      readers: [...this.readers],
      lockers: [...this.held.lockers].map(({ session, since }) => ({
        session,
        seconds: Math.max(0, this.now().seconds - since.seconds)
      })),
      instances: this.instances,
      dependencies: this.dependencies,
      role: this.role,
      sessions: [...this.sessions],
      nls,
      scn: numberOf(this.#scn),
      startedAt: encodeDate(this.#startedAt.seconds),
      release: this.release,
      number: numberOf
    }
  }

  begin(session: SessionFacts): Transaction {
    this.#lastTransaction += 1
    const transaction = new Transaction({
      id: this.#lastTransaction,
      user: session.user,
      sessionId: session.id,
      startedAt: this.now(),
      startScn: this.#scn
    })
    this.transactions.set(transaction.id, transaction)
    return transaction
  }

  commit(transaction: Transaction): void {
    this.#scn += 1
    this.rows.commit(transaction, this.#scn)
    this.#end(transaction)
  }

  rollback(transaction: Transaction): void {
    this.rows.undo(transaction, new Map())
    this.#end(transaction)
  }

  #end(transaction: Transaction): void {
    this.transactions.delete(transaction.id)
    transaction.end()
    if (this.openQueries === 0) this.rows.sweep()
  }

  close(): void {
    this.sqlite.close()
  }
}

/** A view of the dictionary, by name; what it shows depends on who asks and when. */
interface SystemViewName {
  readonly kind: 'systemName'
  readonly name: string
}
