import type {
  ConnectorInfo,
  ConnectorStateInfo,
  InstanceState,
  SinkProgress,
  TaskInfo,
  TaskProgress,
  TaskProgressInfo
} from '../../herder/herder.ts'
import { maskedConfig } from '../masked-config.ts'

/** A connector; with `mask`, without the values of settings that are secrets. */
export function connectorInfo(info: ConnectorInfo, mask: boolean): Record<string, unknown> {
  const { name, config, tasks, type } = info
  return {
    name,
    config: mask ? maskedConfig(config) : config,
    tasks: tasks.map(({ connector, task }) => ({ connector, task })),
    type
  }
}

export function taskInfo({ id, config }: TaskInfo, mask: boolean): Record<string, unknown> {
  const { connector, task } = id
  return { id: { connector, task }, config: mask ? maskedConfig(config) : config }
}

/** A status with its fields in the order of the JVM worker. */
export function stateInfo({ name, connector, tasks, type }: ConnectorStateInfo): unknown {
  return {
    name,
    connector: instanceState(connector),
    tasks: [...tasks].sort((a, b) => a.id - b.id).map(taskState),
    type
  }
}

export function taskState(task: { id: number } & InstanceState): unknown {
  return { id: task.id, ...instanceState(task) }
}

function instanceState({ state, workerId, version, trace }: InstanceState) {
  const known = { state, worker_id: workerId, version }
  return trace === null || trace === '' ? known : { ...known, trace }
}

/** How far the tasks of a connector are. */
export function taskProgress({ id, state, workerId, progress }: TaskProgressInfo): unknown {
  return { id, state, worker_id: workerId, progress: progress === null ? null : counters(progress) }
}

function counters(progress: TaskProgress): unknown {
  if (progress.type === 'sink') return sinkCounters(progress)
  return {
    records_polled: progress.polled,
    records_written: progress.written,
    records_skipped: progress.skipped,
    last_write_at: progress.lastWriteAt,
    streams: progress.streams
  }
}

function sinkCounters(progress: SinkProgress): unknown {
  return {
    records_read: progress.read,
    records_sent: progress.sent,
    records_skipped: progress.skipped,
    records_active: progress.active,
    puts: progress.puts,
    put_time_ms: progress.putMs,
    longest_put_ms: progress.longestPutMs,
    retries: progress.retries,
    commits: progress.commits,
    dead_letters: progress.deadLetters,
    dead_letter_failures: progress.deadLetterFailures,
    last_put_at: progress.lastPutAt,
    partitions: progress.partitions.map(({ behindSeconds, ...partition }) => ({
      ...partition,
      behind_seconds: behindSeconds
    })),
    streams: progress.streams
  }
}
