import type { Socket } from 'node:net'
import { OracleError } from '../oracle-error.ts'
import { fullBanner } from '../release.ts'
import { ByteReader, NeedMore } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { SqlSession } from '../sql/session.ts'
import { writeCallEnd, writePairs } from './answers.ts'
import { Calls } from './calls.ts'
import type { FaultPoint } from './faults.ts'
import {
  acceptBody,
  type ClientForm,
  dataTypesAnswer,
  hasTokens,
  protocolAnswer,
  readConnect,
  readDataTypes,
  readProtocol,
  readTarget,
  refuseBody
} from './handshake.ts'
import { Logon, readLogon, sessionFacts } from './logon.ts'
import { PACKET, type PacketHandler, PacketSocket } from './packets.ts'
import { readPiggybacks } from './piggybacks.ts'
import type { ServerState } from './server-state.ts'

const CALL = { LOGON_PROOF: 115, LOGON: 118, VERSION: 59, LOGOFF: 9 } as const
/**
 * Part of an unfinished message that has to come before it is looked at again, unless this long nothing
 * comes.
 */
const WORTH_READING = 0.5
const LAST_PACKET_WAIT_MS = 2
const BREAK = { BREAK: 1, RESET: 2 } as const

/**
 * One connection of a client. Messages are read from the bytes received so far, from their start again when
 * they are not whole; one call is worked on at a time. A call that was broken off (generation) can no longer
 * answer.
 */
export class Session implements PacketHandler {
  readonly #server: ServerState
  readonly #packets: PacketSocket
  /** What came since the message was last looked at. */
  readonly #arrived: Buffer[] = []
  #arrivedLength = 0
  #waiting: NodeJS.Timeout | undefined
  #pending: Buffer = Buffer.alloc(0)
  #accepted = false
  #form: ClientForm = { prefixedTexts: true, wideScales: false, fieldVersion: 0 }
  #logon: Logon | null = null
  #calls: Calls | null = null
  #service = ''
  #busy: AbortController | null = null
  #generation = 0
  #sequence = 0

  constructor(socket: Socket, server: ServerState) {
    this.#server = server
    this.#packets = new PacketSocket(socket, this)
  }

  get user(): string {
    return this.#logon?.user ?? ''
  }

  get sql(): SqlSession | null {
    return this.#calls?.sql ?? null
  }

  /** Breaks the connection as a failing network would. */
  drop(): void {
    this.#packets.destroy()
  }

  onConnect(packet: Buffer): void {
    const { unit, connectData } = readConnect(packet)
    this.#packets.unit = unit
    if (connectData !== null) this.#answerConnect(connectData)
  }

  onData(payload: Buffer): void {
    if (!this.#accepted) {
      this.#answerConnect(payload.toString())
      return
    }
    this.#arrived.push(payload)
    this.#arrivedLength += payload.length
    clearTimeout(this.#waiting)
    // A long message is not read anew with each of its packets: only when it has grown well, or nothing more
    // comes.
    if (this.#arrivedLength > this.#pending.length * WORTH_READING) this.#next()
    else this.#waiting = setTimeout(() => this.#next(), LAST_PACKET_WAIT_MS)
  }

  onMarker(kind: number): void {
    if (kind === BREAK.RESET) {
      this.#pending = Buffer.alloc(0)
      this.#arrived.length = 0
      this.#arrivedLength = 0
      this.#packets.sendMarker(BREAK.RESET)
      this.#answerError(new OracleError(1013))
      return
    }
    if (this.#busy === null) return
    this.#server.breaks += 1
    this.#busy.abort()
    this.#busy = null
    this.#generation += 1
    this.#packets.sendMarker(BREAK.BREAK)
  }

  onClose(): void {
    clearTimeout(this.#waiting)
    this.#busy?.abort()
    this.#generation += 1
    this.#calls?.sql.close()
    this.#server.sessions.delete(this)
  }

  #answerConnect(connectData: string): void {
    const { service, sid } = readTarget(connectData)
    const code = this.#server.refusal(service, sid)
    if (code !== null) {
      this.#packets.send(PACKET.REFUSE, refuseBody(code, this.#server.release))
      this.#packets.end()
      return
    }
    this.#service = service ?? sid ?? ''
    this.#packets.send(PACKET.ACCEPT, acceptBody(this.#packets.unit))
    this.#packets.largeLengths()
    this.#accepted = true
  }

  /** Takes the next whole message, unless a call is being worked on. */
  #next(): void {
    if (this.#arrived.length > 0) {
      this.#pending = Buffer.concat([this.#pending, ...this.#arrived.splice(0)])
      this.#arrivedLength = 0
    }
    if (this.#busy !== null || this.#pending.length === 0) return
    const reader = new ByteReader(this.#pending)
    let work: ((signal: AbortSignal) => Promise<Buffer | null>) | null
    try {
      work = this.#read(reader)
    } catch (error) {
      if (error instanceof NeedMore) return
      if (!(error instanceof OracleError)) throw error
      // What could not be read ends nowhere: nothing that follows can be read either.
      this.#pending = Buffer.alloc(0)
      this.#answerError(error)
      return
    }
    this.#pending = this.#pending.subarray(reader.position)
    if (work === null) this.#next()
    else void this.#work(work)
  }

  async #work(work: (signal: AbortSignal) => Promise<Buffer | null>): Promise<void> {
    const abort = new AbortController()
    this.#busy = abort
    const generation = this.#generation
    let answer: Buffer | null
    try {
      answer = await work(abort.signal)
    } catch (error) {
      if (generation === this.#generation) this.#server.failed(error)
      answer = null
      if (generation === this.#generation && !(error instanceof OracleError)) this.drop()
    }
    if (generation !== this.#generation) return
    this.#busy = null
    if (answer !== null) this.#packets.sendData(answer)
    this.#next()
  }

  #read(reader: ByteReader): ((signal: AbortSignal) => Promise<Buffer | null>) | null {
    const { piggybacks, type } = readPiggybacks(reader, this.#form)
    if (this.#server.refusesNames && piggybacks.attributes.size > 0) {
      this.drop()
      return null
    }
    this.#calls?.applyPiggybacks(piggybacks)
    if (type === 1) {
      readProtocol(reader)
      return () => Promise.resolve(protocolAnswer(this.#server.release))
    }
    if (type === 2) {
      const { form, zone, types } = readDataTypes(reader, this.#server.release)
      this.#form = form
      return () => Promise.resolve(dataTypesAnswer(zone, types))
    }
    if (type !== 3) throw new OracleError(3001)
    const call = reader.u8()
    this.#sequence = reader.u8()
    if (hasTokens(this.#form)) reader.ub()
    return this.#readCall(reader, call)
  }

  #readCall(reader: ByteReader, call: number): (signal: AbortSignal) => Promise<Buffer | null> {
    const sequence = this.#sequence
    if (call === CALL.LOGON || call === CALL.LOGON_PROOF) {
      const { user, pairs } = readLogon(reader, this.#form)
      return call === CALL.LOGON
        ? () => Promise.resolve(this.#challenge(user, sequence))
        : (signal) => this.#prove(pairs, sequence, signal)
    }
    if (call === CALL.VERSION) return this.#version(reader, sequence)
    if (call === CALL.LOGOFF) {
      return () => {
        this.#calls?.sql.close()
        return Promise.resolve(this.#callEnd(sequence, null))
      }
    }
    if (this.#calls === null) throw new OracleError(1012)
    return this.#calls.read(reader, call, sequence)
  }

  #version(reader: ByteReader, sequence: number): () => Promise<Buffer> {
    reader.u8()
    reader.ub()
    reader.raw(2)
    reader.ub()
    return () => {
      const { release } = this.#server
      const banner = fullBanner(release)
      const writer = new ByteWriter().u8(8).ub(banner.length)
      if (this.#form.prefixedTexts) writer.bytes(banner)
      else writer.raw(Buffer.from(banner))
      writer.ub(release.versionNumber)
      writeCallEnd(writer, { sequence, inTransaction: false }, this.#form)
      return Promise.resolve(Buffer.from(writer.view()))
    }
  }

  #challenge(user: string, sequence: number): Buffer {
    const name = /^".*"$/.test(user) ? user.slice(1, -1) : user.toUpperCase()
    this.#logon = new Logon(name, this.#server.database.passwordOf(name))
    const writer = new ByteWriter()
    writePairs(writer, this.#logon.challenge())
    writeCallEnd(writer, { sequence, inTransaction: false }, this.#form)
    return Buffer.from(writer.view())
  }

  async #prove(
    pairs: ReadonlyMap<string, string>,
    sequence: number,
    signal: AbortSignal
  ): Promise<Buffer | null> {
    const logon = this.#logon
    this.#server.logons += 1
    try {
      if (logon === null) throw new OracleError(1017)
      await this.strike('logon', '', signal)
      const proof = logon.verify(pairs)
      if (proof === null) throw new OracleError(1017)
      this.#server.checkLogon(logon.user)
      const sql = new SqlSession(this.#server.database, logon.user)
      this.#calls = new Calls(sql, this, this.#server, this.#form)
      const zone = pairs.get('AUTH_ALTER_SESSION')
      if (zone !== undefined && zone !== '') await sql.run(sql.prepare(zone), [], signal)
      const writer = new ByteWriter()
      writePairs(
        writer,
        sessionFacts(proof, {
          ...sql.identity,
          service: this.#service,
          release: this.#server.release
        })
      )
      writeCallEnd(writer, { sequence, inTransaction: false }, this.#form)
      return Buffer.from(writer.view())
    } catch (error) {
      if (!(error instanceof OracleError)) throw error
      return this.#callEnd(sequence, error)
    }
  }

  /**
   * Lets the faults that wait at this point happen: takes its time, throws an error, or drops the connection
   * (false).
   */
  async strike(point: FaultPoint, sql: string, signal: AbortSignal, fetched = 0): Promise<boolean> {
    for (const action of this.#server.faults.take(point, { sql, user: this.user, fetched })) {
      if (action.kind === 'error') throw new OracleError(action.code, ['0', '_SYSSMU'])
      if (action.kind === 'drop') {
        this.drop()
        return false
      }
      await this.#server.pause(action.ms, signal)
    }
    return true
  }

  #answerError(error: OracleError): void {
    this.#packets.sendData(this.#callEnd(this.#sequence, error))
  }

  #callEnd(sequence: number, error: OracleError | null): Buffer {
    const writer = new ByteWriter()
    const inTransaction = this.sql?.inTransaction ?? false
    writeCallEnd(writer, { sequence, inTransaction, error }, this.#form)
    return Buffer.from(writer.view())
  }
}
