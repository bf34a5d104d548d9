import type { WrittenConfig } from '../storage/cluster-config.ts'
import type { ConfigInfos, ConfigKeyInfo } from '../config/config-infos.ts'
import type { ConnectorPreview } from '../worker/preview-connector.ts'
import type { TaskProgress } from '../worker/contracts.ts'
import type { ChangeHistory } from '../storage/change-history.ts'
import type { StartFrom } from './start-from.ts'

export type { SinkProgress, TaskProgress } from '../worker/contracts.ts'
export type {
  Change,
  ChangeHistory,
  ChangeKind,
  ShownConfig
} from '../storage/change-history.ts'
export type { ConnectorPreview } from '../worker/preview-connector.ts'

/** Configuration as REST carries it. Values may be null in requests (an error, or "remove" in a patch). */
export type RestConfig = ReadonlyMap<string, string | null>

interface ConnectorTaskId {
  connector: string
  task: number
}

export interface ConnectorInfo {
  name: string
  config: ReadonlyMap<string, string>
  tasks: ConnectorTaskId[]
  type: 'source' | 'sink' | 'unknown'
}

export interface InstanceState {
  readonly state: string
  /** host:port of the worker that runs it, or did last. */
  readonly workerId: string
  /** null or empty: there is none. */
  readonly trace: string | null
  /** Of the plugin, as far as it is known (4.3.1). */
  readonly version: string | null
}

export interface ConnectorStateInfo {
  name: string
  connector: InstanceState
  tasks: ({ id: number } & InstanceState)[]
  type: 'source' | 'sink' | 'unknown'
}

/** How far a task is. `progress` null: it runs on another worker, which knows. */
export interface TaskProgressInfo {
  readonly id: number
  readonly state: string
  readonly workerId: string
  readonly progress: TaskProgress | null
}

export interface TaskInfo {
  id: ConnectorTaskId
  config: ReadonlyMap<string, string>
}

export interface ConnectorOffset {
  /** null: a request says nothing of it, which the connector is asked about. */
  partition: Record<string, unknown> | null
  offset: Record<string, unknown> | null
}

export interface PluginInfo {
  class: string
  type: string
  version?: string
}

export interface LoggerInfo {
  readonly level: string
  /** Epoch ms; null: never. */
  readonly lastModified: number | null
}

/**
 * Offsets of a connector that is created. `offsets` null: none are given. `others`: what becomes of those an
 * earlier connector of that name left.
 */
export interface InitialOffsets {
  readonly offsets: ConnectorOffset[] | null
  readonly others: 'keep' | 'reset'
}

export interface PutOptions {
  readonly initialState: InitialState | null
  readonly allowReplace: boolean
  /** Only for a new connector; absent: what is stored stays. */
  readonly initialOffsets?: InitialOffsets
}

/** A connector that exists gets another configuration. */
export const REPLACE: PutOptions = { initialState: null, allowReplace: true }

export interface PutOutcome {
  readonly created: boolean
  readonly info: ConnectorInfo
  /** What became of initial offsets, when there were any. */
  readonly offsetsStatus?: string
  /** How many offsets of an earlier connector of that name a new one goes on from. */
  readonly keptOffsets?: number
}

export type InitialState = 'STARTED' | 'PAUSED' | 'STOPPED'

/** Signature of an internal request, from its headers; null when they are missing. */
export interface RequestSignature {
  signature: string
  algorithm: string
}

/**
 * Thrown by a Herder method when the request must run on another worker: REST forwards it to `url` (facts:
 * KIP-connect forwarding; two hops at most). `url` null: no leader is known, REST answers 409.
 */
export class RequestTargetError extends Error {
  readonly url: string | null

  constructor(message: string, url: string | null) {
    super(message)
    this.url = url
  }
}

/** What is known of connectors and tasks. Rejects or throws as Herder does. */
export interface ClusterView {
  connectors(): string[]
  connectorInfo(name: string): Promise<ConnectorInfo>
  connectorConfig(name: string): Promise<ReadonlyMap<string, string>>
  connectorStatus(name: string): ConnectorStateInfo
  connectorProgress(name: string): TaskProgressInfo[]
  /** Of the tasks that run on this worker, of whatever connector. */
  localProgress(): readonly TaskProgress[]
  taskInfos(name: string): Promise<TaskInfo[]>
  taskStatus(name: string, task: number): { id: number } & InstanceState
  activeTopics(name: string): string[]
  resetActiveTopics(name: string): Promise<void>
  offsets(name: string): Promise<ConnectorOffset[]>
}

/** Changes of connectors, each done where it may be. Rejects as Herder does. */
export interface ConnectorChanges {
  putConnectorConfig(name: string, config: RestConfig, options: PutOptions): Promise<PutOutcome>
  patchConnectorConfig(name: string, patch: RestConfig): Promise<ConnectorInfo>
  /** `offsets`: what becomes of its stored offsets. */
  deleteConnector(name: string, offsets?: 'keep' | 'delete'): Promise<void>
  pauseConnector(name: string): Promise<void>
  resumeConnector(name: string): Promise<void>
  stopConnector(name: string): Promise<void>
  restartConnector(name: string): Promise<void>
  restartConnectorAndTasks(
    name: string,
    options: { onlyFailed: boolean; includeTasks: boolean }
  ): Promise<ConnectorStateInfo>
  restartTask(name: string, task: number): Promise<void>
  /** Answers the message for the client. `offsets` null: reset all. */
  modifyOffsets(name: string, offsets: ConnectorOffset[] | null): Promise<string>
}

/** The plugins of this worker, and what they think of configurations. */
export interface PluginCatalog {
  plugins(connectorsOnly: boolean): PluginInfo[]
  /** `version`: a version or range (KIP-891) the plugin must lie in. */
  pluginConfig(plugin: string, version?: string): ConfigKeyInfo[]
  validate(plugin: string, config: RestConfig): Promise<ConfigInfos>
  /** What the connector would send first with this configuration. Changes nothing; `rows` of each table. */
  preview(plugin: string, config: RestConfig, rows: number): Promise<ConnectorPreview>
}

/** The loggers of this worker. */
export interface LoggerLevels {
  loggers(): ReadonlyMap<string, LoggerInfo>
  logger(name: string): LoggerInfo | null
  setLoggerLevel(name: string, level: string): string[]
}

/** What `GET /` tells. */
export interface WorkerInfo {
  readonly version: string
  readonly commit: string
  readonly kafkaClusterId: string
}

/**
 * What REST may ask. Every method rejects with ConnectError (status and text for the client) or
 * RequestTargetError. Waits are bounded by the caller with `stage()` telling what the worker is doing.
 */
export interface Herder {
  readonly info: WorkerInfo
  readonly cluster: ClusterView
  readonly changes: ConnectorChanges
  /** Moving the positions of connectors that exist. */
  readonly startFrom: StartFrom
  readonly pluginCatalog: PluginCatalog
  readonly loggerLevels: LoggerLevels
  /** Tells a request that another worker passed on from one that only says so. */
  readonly origins: Origins
  /** Who changed what; null: that is not kept. */
  readonly history: ChangeHistory | null

  /** Resolves when the loop of this worker answers. */
  healthCheck(): Promise<void>
  ready(): boolean
  /** Sentence about what the worker is doing or last did, "" when unknown. */
  stage(): string
  setClusterLoggerLevel(name: string, level: string): Promise<void>
  /**
   * Internal: task configurations generated by the connector's owner, for the leader to write. `configs`
   * reads them out of the body, which is done only when the signature is right.
   */
  putTaskConfigs(
    name: string,
    configs: () => readonly WrittenConfig[],
    body: Uint8Array,
    signature: RequestSignature | null
  ): Promise<void>
  /** Internal: fence older generations of an exactly-once source. */
  fenceZombieSourceTasks(name: string, signature: RequestSignature | null): Promise<void>
}

/** Proofs by the group's session key; without one nothing is proved. */
export interface Origins {
  proof(origin: string): string | null
  isProved(origin: string, proof: string): boolean
}
