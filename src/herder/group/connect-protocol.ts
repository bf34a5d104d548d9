import { ConnectError } from '../../errors.ts'
import { Reader, Writer } from '../../kafka/group/protocol-bytes.ts'
import { taskIdOf, taskKey } from '../../storage/task-id.ts'
import { noWork, type WorkSet, workSet } from '../work/work-set.ts'

/**
 * What workers tell each other inside the group protocol, byte for byte as the JVM's classes write it
 * (kafka/group/protocol-bytes.ts says how).
 */
export type ProtocolVersion = 0 | 1 | 2

/** Name of a protocol inside the group ⇄ its version. */
const protocolNames = ['default', 'compatible', 'sessioned'] as const
type ProtocolName = (typeof protocolNames)[number]

/** Values of `connect.protocol` and the protocols each offers, the preferred first. */
export const offeredProtocols = {
  eager: ['default'],
  compatible: ['compatible', 'default'],
  sessioned: ['sessioned', 'compatible', 'default']
} as const satisfies Record<string, readonly ProtocolName[]>
export type ConnectProtocol = keyof typeof offeredProtocols

export function versionOf(protocol: string): ProtocolVersion {
  const version = protocolNames.indexOf(protocol as ProtocolName)
  if (version === -1) {
    throw new ConnectError(
      'KAFKA_ERROR',
      `The group uses the protocol ${protocol}, which no Connect worker speaks`
    )
  }
  return version as ProtocolVersion
}

/** What a member brings to a join. `allocation` null: it has never had an assignment (or forgot it). */
export interface WorkerState {
  readonly url: string
  /** Offset of its picture of the config topic. */
  readonly offset: bigint
  readonly allocation: Assignment | null
}

export const assignmentErrors = { none: 0, configMismatch: 1 } as const

/** What the leader hands to a member. In versions 1 and 2 `assigned` is only what is new for it. */
export interface Assignment {
  readonly version: ProtocolVersion
  readonly error: number
  /** Member id of the leader, and the URL of its REST interface. */
  readonly leader: string
  readonly leaderUrl: string
  readonly offset: bigint
  readonly assigned: WorkSet
  readonly revoked: WorkSet
  /** After so many ms the member joins again; 0: no need. */
  readonly delayMs: number
}

// metadata v0 => version INT16 (0) | url STRING | config_offset INT64
// metadata v1 => version INT16 (1) | url STRING | config_offset INT64 | allocation NULLABLE_BYTES
// metadata v2 => version INT16 (2) | as v1
//   allocation => a whole assignment v1 or v2, its version included
export function encodeMetadata(version: ProtocolVersion, state: WorkerState): Buffer {
  const writer = new Writer()
  writer.int16(version)
  writer.string(state.url)
  writer.int64(state.offset)
  if (version > 0) {
    const { allocation } = state
    writer.nullableBytes(allocation === null ? null : encodeAssignment({ ...allocation, version }))
  }
  return writer.bytes()
}

/** Fields missing at the end take their defaults; a newer version is read as far as it is known. */
export function decodeMetadata(bytes: Uint8Array): WorkerState {
  const reader = new Reader(bytes, 'metadata of a group member')
  const version = reader.version()
  const url = reader.string()
  const offset = reader.int64()
  const allocation = version > 0 && reader.more() ? reader.nullableBytes() : null
  return { url, offset, allocation: allocation === null ? null : decodeAssignment(allocation) }
}

// assignment v0 => version INT16 (0) | error INT16 | leader STRING | leader_url STRING | config_offset INT64
// | assigned ARRAY assignment v1 => version INT16 (1) | error INT16 | leader STRING | leader_url STRING |
// config_offset INT64
//                  | assigned NULLABLE_ARRAY | revoked NULLABLE_ARRAY | scheduled_delay INT32
// assignment v2 => version INT16 (2) | as v1
//   array element => connector STRING | tasks ARRAY of INT32     (task -1 is the connector itself)
export function encodeAssignment(assignment: Assignment): Buffer {
  const writer = new Writer()
  writer.int16(assignment.version)
  writer.int16(assignment.error)
  writer.string(assignment.leader)
  writer.string(assignment.leaderUrl)
  writer.int64(assignment.offset)
  writeWork(writer, assignment.assigned)
  if (assignment.version > 0) {
    writeWork(writer, assignment.revoked)
    writer.int32(assignment.delayMs)
  }
  return writer.bytes()
}

/** Fields missing at the end take their defaults; a newer version is read as far as it is known. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  const reader = new Reader(bytes, 'assignment of the group leader')
  const version = reader.version()
  const error = reader.int16()
  const leader = reader.string()
  const leaderUrl = reader.string()
  const offset = reader.int64()
  const assigned = reader.more() ? readWork(reader) : noWork
  const revoked = version > 0 && reader.more() ? readWork(reader) : noWork
  const delayMs = version > 0 && reader.more() ? reader.int32() : 0
  return {
    version: version > 2 ? 2 : (version as ProtocolVersion),
    error,
    leader,
    leaderUrl,
    offset,
    assigned,
    revoked,
    delayMs
  }
}

const CONNECTOR_ITSELF = -1
/** Kafka's limit for a text in the protocol. */
const MAX_TEXT_BYTES = 0x7fff

/** Whether a connector of that name can be given to a member at all. */
export function canBeAssigned(connector: string): boolean {
  return Buffer.byteLength(connector) <= MAX_TEXT_BYTES
}

function writeWork(writer: Writer, work: WorkSet): void {
  const byConnector = new Map<string, number[]>()
  for (const connector of work.connectors) byConnector.set(connector, [CONNECTOR_ITSELF])
  for (const key of work.tasks) {
    const { connector, task } = taskIdOf(key)
    const tasks = byConnector.get(connector)
    if (tasks === undefined) byConnector.set(connector, [task])
    else tasks.push(task)
  }
  writer.int32(byConnector.size)
  for (const [connector, tasks] of byConnector) {
    writer.string(connector)
    writer.int32(tasks.length)
    for (const task of tasks) writer.int32(task)
  }
}

function readWork(reader: Reader): WorkSet {
  const connectors: string[] = []
  const tasks: string[] = []
  for (let left = reader.int32(); left > 0; left--) {
    const connector = reader.string()
    for (let entries = reader.int32(); entries > 0; entries--) {
      const task = reader.int32()
      if (task === CONNECTOR_ITSELF) connectors.push(connector)
      else tasks.push(taskKey({ connector, task }))
    }
  }
  return workSet(connectors, tasks)
}
