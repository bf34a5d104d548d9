import type { ConfigInfos, ConfigKeyInfo } from '../../src/config/config-infos.ts'
import { ConnectError, NotFoundError } from '../../src/errors.ts'
import type {
  ChangeHistory,
  ConnectorInfo,
  ConnectorPreview,
  ConnectorOffset,
  ConnectorStateInfo,
  Herder,
  PutOptions,
  PutOutcome,
  LoggerInfo,
  Origins,
  PluginInfo,
  RequestSignature,
  RestConfig,
  TaskInfo,
  TaskProgress,
  TaskProgressInfo
} from '../../src/herder/herder.ts'
import type { MoveAuthor, MoveInfo, StartFromWanted } from '../../src/herder/start-from.ts'
import type { StartPreview } from '../../src/plugin/start-from.ts'

/** A connector as the scripted herder remembers it. */
interface Remembered {
  config: Map<string, string>
  state: string
  offsets: ConnectorOffset[]
}

/**
 * The edge of this room: a herder that keeps connectors in a Map and answers at once, with the texts of the
 * JVM worker. `calls` tells what REST asked for; `before` may throw or wait in the name of any method.
 */
export class ScriptedHerder implements Herder {
  readonly known = new Map<string, Remembered>()
  readonly calls: unknown[][] = []
  before: (method: string) => Promise<void> | void = () => {}
  isReady = true
  currentStage = ''
  /** All scripted herders are of one group. */
  origins: Origins = {
    proof: (origin) => `proof of ${origin}`,
    isProved: (origin, proof) => proof === `proof of ${origin}`
  }

  async #ask(method: string, ...details: unknown[]): Promise<void> {
    this.calls.push([method, ...details])
    await this.before(method)
  }

  #find(name: string, text = `Connector ${name} not found`): Remembered {
    const found = this.known.get(name)
    if (found === undefined) throw new NotFoundError(text)
    return found
  }

  connectorProgress(name: string): TaskProgressInfo[] {
    this.#find(name, `No status found for connector ${name}`)
    return [
      { id: 0, state: 'RUNNING', workerId: 'there:1', progress: null },
      {
        id: 1,
        state: 'RUNNING',
        workerId: 'here:1',
        progress: {
          id: { connector: name, task: 1 },
          type: 'source',
          polled: 3,
          written: 2,
          skipped: 1,
          lastWriteAt: null,
          streams: new Map([['table s.t', { late_commits: 'transactions', held_back_ms: 12 }]])
        }
      }
    ]
  }

  localProgress(): TaskProgress[] {
    return [
      {
        id: { connector: 'a "b"', task: 1 },
        type: 'source',
        polled: 3,
        written: 2,
        skipped: 1,
        lastWriteAt: 1_700_000_000_000,
        streams: new Map([
          ['table s.t', { late_commits: 'transactions', held_back_ms: 12, forgotten: false }]
        ])
      }
    ]
  }

  readonly info = { version: '4.3.1', commit: 'unknown', kafkaClusterId: 'cluster' }
  /** It answers for all of its parts. */
  readonly cluster = this
  readonly changes = this
  readonly pluginCatalog = this
  readonly loggerLevels = this
  history: ChangeHistory | null = null

  async healthCheck(): Promise<void> {
    await this.#ask('healthCheck')
  }

  ready(): boolean {
    return this.isReady
  }

  stage(): string {
    return this.currentStage
  }

  connectors(): string[] {
    return [...this.known.keys()]
  }

  async connectorInfo(name: string): Promise<ConnectorInfo> {
    await this.#ask('connectorInfo', name)
    return { name, config: this.#find(name).config, tasks: [], type: 'source' }
  }

  async connectorConfig(name: string): Promise<ReadonlyMap<string, string>> {
    await this.#ask('connectorConfig', name)
    return this.#find(name).config
  }

  connectorStatus(name: string): ConnectorStateInfo {
    const { state } = this.#find(name, `No status found for connector ${name}`)
    const worker = { state, workerId: 'worker:8083', trace: null, version: '4.3.1' }
    const tasks = state === 'STOPPED' ? [] : [{ id: 0, ...worker }]
    return { name, connector: worker, tasks, type: 'source' }
  }

  async putConnectorConfig(
    name: string,
    config: RestConfig,
    options: PutOptions
  ): Promise<PutOutcome> {
    await this.#ask('putConnectorConfig', name, config, options)
    checkClass(config)
    const existing = this.known.get(name)
    if (existing !== undefined && !options.allowReplace) {
      throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
    }
    const state = existing?.state ?? options.initialState ?? 'STARTED'
    const stored = { config: withoutNulls(config), state: state.replace('STARTED', 'RUNNING') }
    this.known.set(name, { ...stored, offsets: existing?.offsets ?? [] })
    return {
      created: existing === undefined,
      info: { name, config: stored.config, tasks: [], type: 'source' },
      ...(options.initialOffsets === undefined
        ? { keptOffsets: name === 'again' ? 2 : 0 }
        : { offsetsStatus: 'The offsets for this connector have been altered successfully' })
    }
  }

  async patchConnectorConfig(name: string, patch: RestConfig): Promise<ConnectorInfo> {
    await this.#ask('patchConnectorConfig', name, patch)
    const { config } = this.#find(name)
    for (const [key, value] of patch) {
      if (value === null) config.delete(key)
      else config.set(key, value)
    }
    return { name, config, tasks: [], type: 'source' }
  }

  async deleteConnector(name: string, offsets?: 'keep' | 'delete'): Promise<void> {
    await this.#ask('deleteConnector', name, offsets)
    this.#find(name)
    this.known.delete(name)
  }

  async pauseConnector(name: string): Promise<void> {
    await this.#change('pauseConnector', name, 'PAUSED')
  }

  async resumeConnector(name: string): Promise<void> {
    await this.#change('resumeConnector', name, 'RUNNING')
  }

  async stopConnector(name: string): Promise<void> {
    await this.#change('stopConnector', name, 'STOPPED')
  }

  async #change(method: string, name: string, state: string): Promise<void> {
    await this.#ask(method, name)
    this.#find(name, `Unknown connector ${name}`).state = state
  }

  async restartConnector(name: string): Promise<void> {
    await this.#ask('restartConnector', name)
    this.#find(name, `Unknown connector: ${name}`)
  }

  async restartConnectorAndTasks(
    name: string,
    options: { onlyFailed: boolean; includeTasks: boolean }
  ): Promise<ConnectorStateInfo> {
    await this.#ask('restartConnectorAndTasks', name, options)
    this.#find(name, `Unknown connector: ${name}`)
    return this.connectorStatus(name)
  }

  async taskInfos(name: string): Promise<TaskInfo[]> {
    await this.#ask('taskInfos', name)
    return [{ id: { connector: name, task: 0 }, config: this.#find(name).config }]
  }

  taskStatus(name: string, task: number) {
    const known = this.known.has(name) && task === 0
    if (!known) throw new NotFoundError(`No status found for task ${name}-${task}`)
    const workerId = 'worker:8083'
    return { id: task, state: 'FAILED', workerId, trace: 'Error: it broke', version: null }
  }

  async restartTask(name: string, task: number): Promise<void> {
    await this.#ask('restartTask', name, task)
    this.#find(name, `Unknown connector: ${name}`)
  }

  activeTopics(name: string): string[] {
    return this.known.has(name) ? ['orders'] : []
  }

  async resetActiveTopics(name: string): Promise<void> {
    await this.#ask('resetActiveTopics', name)
  }

  async offsets(name: string): Promise<ConnectorOffset[]> {
    await this.#ask('offsets', name)
    return this.#find(name).offsets
  }

  async modifyOffsets(name: string, offsets: ConnectorOffset[] | null): Promise<string> {
    await this.#ask('modifyOffsets', name, offsets)
    this.#find(name).offsets = offsets ?? []
    return 'The offsets for this connector have been altered successfully'
  }

  readonly moves: MoveInfo[] = []
  readonly startFrom = {
    history: async (name: string): Promise<MoveInfo[]> => {
      await this.#ask('startFrom.history', name)
      this.#find(name)
      return this.moves.toReversed()
    },
    preview: async (name: string, wanted: StartFromWanted): Promise<StartPreview[]> => {
      await this.#ask('startFrom.preview', name, wanted)
      this.#find(name)
      const position = { from: { id: 9 }, to: { id: 2n ** 60n } }
      const rows = { rows: 7, first: { id: 3 }, last: { id: 9 } }
      return [{ name: 't', ...position, effect: 'sent again', ...rows }]
    },
    move: async (name: string, wanted: StartFromWanted, by: MoveAuthor): Promise<MoveInfo> => {
      await this.#ask('startFrom.move', name, wanted, by)
      this.#find(name)
      const move: MoveInfo = {
        id: `move-${this.moves.length}`,
        at: '2026-11-28T00:00:00.000Z',
        by,
        request: wanted === 'undo' ? { undo: 'move-0' } : wanted.start,
        state: 'DONE',
        ended: '2026-11-28T00:00:01.000Z',
        problem: null,
        targetState: 'STARTED',
        offsets: [{ partition: { table: 't' }, old: { id: 9 }, new: null }]
      }
      this.moves.push(move)
      return move
    }
  }

  plugins(connectorsOnly: boolean): PluginInfo[] {
    const source = { class: 'org.example.LinesSourceConnector', type: 'source', version: '1.2' }
    return connectorsOnly
      ? [source]
      : [source, { class: 'org.example.Cast', type: 'transformation' }]
  }

  pluginConfig(plugin: string, version?: string): ConfigKeyInfo[] {
    this.calls.push(['pluginConfig', plugin, version])
    if (plugin.includes('Lines')) return []
    throw new NotFoundError(`Unknown plugin ${plugin}.`)
  }

  async validate(plugin: string, config: RestConfig): Promise<ConfigInfos> {
    await this.#ask('validate', plugin, config)
    checkClass(config)
    return { name: plugin, error_count: 0, groups: [], configs: [] }
  }

  async preview(plugin: string, config: RestConfig, rows: number): Promise<ConnectorPreview> {
    await this.#ask('preview', plugin, config, rows)
    return {
      connectorClass: plugin,
      rows,
      records: [],
      sql: [],
      columns: [],
      advice: [],
      problems: []
    }
  }

  readonly levels = new Map<string, LoggerInfo>([['root', { level: 'INFO', lastModified: null }]])

  loggers(): ReadonlyMap<string, LoggerInfo> {
    return this.levels
  }

  logger(name: string): LoggerInfo | null {
    return this.levels.get(name) ?? null
  }

  setLoggerLevel(name: string, level: string): string[] {
    this.levels.set(name, { level, lastModified: 1 })
    return [name]
  }

  async setClusterLoggerLevel(name: string, level: string): Promise<void> {
    await this.#ask('setClusterLoggerLevel', name, level)
  }

  async putTaskConfigs(
    name: string,
    configs: () => readonly ReadonlyMap<string, string | null>[],
    body: Uint8Array,
    signature: RequestSignature | null
  ): Promise<void> {
    requireSignature(signature)
    await this.#ask('putTaskConfigs', name, configs(), Buffer.from(body).toString(), signature)
  }

  async fenceZombieSourceTasks(name: string, signature: RequestSignature | null): Promise<void> {
    await this.#ask('fenceZombieSourceTasks', name, signature)
    requireSignature(signature)
  }
}

function requireSignature(signature: RequestSignature | null): void {
  if (signature === null) {
    throw new ConnectError('BAD_REQUEST', 'Internal request missing required signature')
  }
}

function checkClass(config: RestConfig): void {
  if ((config.get('connector.class') ?? null) !== null) return
  const entries = [...config].map(([key, value]) => `${key}=${value}`).join(', ')
  throw new ConnectError('BAD_REQUEST', `Connector config {${entries}} contains no connector type`)
}

function withoutNulls(config: RestConfig): Map<string, string> {
  const kept = new Map<string, string>()
  for (const [key, value] of config) if (value !== null) kept.set(key, value)
  return kept
}
