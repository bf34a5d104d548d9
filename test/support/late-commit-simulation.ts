import assert from 'node:assert/strict'
import { jdbcSourceConfig } from '../../src/connectors/jdbc/settings/source-config.ts'
import { OFFSET_FIELDS } from '../../src/connectors/jdbc/positions/source-offset.ts'
import { JdbcSourceTask } from '../../src/connectors/jdbc/source/source-task.ts'
import type { SourceTaskContext } from '../../src/plugin/source.ts'
import { encodedOffset, type OffsetMap, type SourceRecord } from '../../src/data/record.ts'
import { type Config, field, StoredOffsets } from './jdbc-source.ts'
import { ModelDatabase, type Traffic, type Version } from './model-database.ts'
import { model } from './model-dialect.ts'
import { Random } from './random.ts'
import { recordingLog } from './recording-log.ts'

export const MODES = ['incrementing', 'timestamp', 'timestamp+incrementing'] as const
export type Mode = (typeof MODES)[number]

export interface Outcome {
  readonly lost: string[]
  /** A version of a row that came after a later one. */
  readonly disordered: string[]
  /** Rows that came twice, beyond those whose offset was not stored yet when the task crashed. */
  readonly repeated: number
  /**
   * What may make rows come twice in any case: a lost session amid rows of one time, a clock set back, too
   * little memory.
   */
  readonly excuses: number
}

interface Schedule {
  readonly mode: Mode
  readonly traffic: Traffic
  readonly config: Config
  readonly crashes: boolean
  /** A column differs at each reading. */
  readonly volatile: boolean
}

/**
 * One history: who writes what and when, what is lost on the way, and how the source is configured, all from
 * the seed.
 */
function scheduleOf(random: Random, guard: string, mode: Mode): Schedule {
  const windowed = guard === 'window'
  const withTimes = mode !== 'incrementing'
  const visible = windowed
    ? 'never'
    : (random.pick(['always', 'always', 'sometimes', 'changes'] as const) ?? 'always')
  // What is idle for longer than the window nobody finds while nobody can see it.
  const idle = visible !== 'never' && visible !== 'changes' && random.chance(0.3) ? 0.15 : 0
  const clockJumps = withTimes && idle === 0 && random.chance(0.2)
  const lagMs = windowed && !clockJumps ? (random.pick([0, 0, 800, 6000]) ?? 0) : 0
  const volatile = mode === 'timestamp' && random.chance(0.1)
  return {
    mode,
    crashes: !clockJumps && random.chance(0.4),
    volatile,
    traffic: {
      rows: mode === 'incrementing' ? 'inserts' : 'inserts and updates',
      stepMs: random.pick([1, 1, 10, 1000]) ?? 1,
      timesOfBegin: random.chance(0.5),
      earlyIdMs: random.chance(0.5) ? 90 : 0,
      longestMs: random.pick([50, 300, 900]) ?? 50,
      idle,
      idleMs: 6000,
      visible,
      hasMarks: random.chance(0.5),
      lagMs,
      // Ids do not say how far behind a copy is.
      lagVaries: withTimes && random.chance(0.5),
      writes: random.pick([100, 100, 250]) ?? 100,
      tables: random.pick([1, 1, 2, 3]) ?? 1,
      clockJumps,
      connectionsBreak: random.chance(0.3)
    },
    config: {
      'late.commit.guard': guard,
      'late.commit.max.wait.ms': String(random.pick([400, 2000]) ?? 400),
      'late.commit.margin.ms': '100',
      'late.commit.window.ms': '3000',
      // Each reading of what differs is another row.
      'late.commit.seen.max.keys': String(volatile ? 10_000 : (random.pick([100, 10_000]) ?? 100)),
      'poll.interval.ms': String(random.pick([10, 100, 500]) ?? 10),
      'batch.max.rows': String(random.pick([2, 5, 50]) ?? 2),
      ...(random.chance(0.2) ? { 'query.suffix': `LIMIT ${random.within(1, 5)}` } : {})
    }
  }
}

export async function simulate(seed: number, guard: string, mode: Mode): Promise<Outcome> {
  const random = new Random(seed)
  const schedule = scheduleOf(random, guard, mode)
  const database = new ModelDatabase(random, schedule.traffic)
  model.databases.set(String(seed), database)
  try {
    return await history(seed, schedule, database, random)
  } finally {
    model.databases.delete(String(seed))
    database.close()
  }
}

async function history(
  seed: number,
  { mode, config, crashes, volatile, traffic }: Schedule,
  database: ModelDatabase,
  random: Random
): Promise<Outcome> {
  const settings = new Map(
    Object.entries({
      'connection.url': `jdbc:model:${seed}`,
      'topic.prefix': 'x-',
      ...(volatile && traffic.tables === 1
        ? { query: 'SELECT id, ts, version, abs(random() % 1000000000) AS noise FROM t' }
        : {
            'table.whitelist': database.tables.join(','),
            tables: database.tables.join(','),
            'tables.fetched': 'true'
          }),
      mode,
      ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
      ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
      ...config
    })
  )
  const offsets = new StoredOffsets()
  const latest = new Map<number, number>()
  const emitted = new Set<string>()
  const disordered: string[] = []
  let repeated = 0
  let allowed = 0
  let crashed = false
  // Acknowledged and not stored yet, as between two flushes.
  let unstored: SourceRecord[] = []
  const start = async (): Promise<JdbcSourceTask> => {
    const { signal } = new AbortController()
    database.clock.foreground = signal
    const context: SourceTaskContext = {
      connector: 'simulated',
      task: 0,
      log: recordingLog().log,
      offsets,
      storeOffsets: (positions) => offsets.store(positions),
      stopping: signal,
      reportCondition: () => undefined
    }
    const task = new JdbcSourceTask(jdbcSourceConfig, settings, context, database.clock)
    await task.start()
    return task
  }
  const take = (records: readonly SourceRecord[]): void => {
    for (const record of records) {
      const [id, version] = [Number(field(record, 'id')), Number(field(record, 'version'))]
      const name = `${id} v${version}`
      if (emitted.has(name)) repeated += 1
      emitted.add(name)
      database.log.push(`${database.clock.monotonicMs()} emitted ${name}`)
      if ((latest.get(id) ?? 0) > version) disordered.push(name)
      latest.set(id, version)
    }
  }
  const flush = (): void => {
    const last = new Map(unstored.map((record) => [record.sourcePartition, record]))
    unstored = []
    for (const [partition, { sourceOffset }] of last)
      offsets.set(partition, stored(encodedOffset(sourceOffset)))
  }
  let task = await start()
  for (let polls = 0; polls < 60 || database.open > 0; polls++) {
    if (polls === 60) database.finish()
    const records = (await task.poll()) ?? []
    take(records)
    for (const record of records) unstored.push(record)
    if (random.chance(0.3)) {
      // Kafka acknowledges in order, not everything at once.
      const acked = random.within(0, unstored.length)
      const rest = unstored.slice(acked)
      unstored = unstored.slice(0, acked)
      flush()
      unstored = rest
    }
    if (crashes && database.writing && random.chance(0.05)) {
      database.log.push('crash')
      crashed = true
      allowed += unstored.length
      await task.stop()
      unstored = []
      await database.clock.sleep(random.within(1, 1000))
      task = await start()
    }
  }
  // Nobody writes any more: until nothing has come for a long while.
  for (let quiet = 0, rounds = 0; quiet < 8; quiet++, rounds++) {
    assert.ok(rounds < 1000, `never quiet: SEED=${seed}`)
    await database.clock.sleep(700)
    for (let polls = 0; polls < 60; polls++) {
      const records = (await task.poll()) ?? []
      if (records.length > 0) quiet = 0
      take(records)
    }
  }
  await task.stop()
  const lost = [...database.committed.values()].filter((row) =>
    mode === 'incrementing' ? !latest.has(row.id) : latest.get(row.id) !== row.version
  )
  if (process.env['SEED'] !== undefined) show(mode, config, database, lost)
  return {
    lost: lost.map(({ id, version }) => `${id} v${version}`),
    disordered,
    repeated: Math.max(0, repeated - allowed),
    excuses:
      database.faults +
      (mode === 'timestamp' && crashed ? 1 : 0) +
      (volatile ? 1 : 0) +
      (Number(config['late.commit.seen.max.keys']) < traffic.writes ? 1 : 0)
  }
}

/** As the offset topic keeps it: text, made when it is stored. */
function stored(offset: OffsetMap | null): OffsetMap | null {
  if (offset === null) return null
  const text = JSON.stringify(offset, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value
  )
  const map = JSON.parse(text) as OffsetMap
  assert.ok(
    Object.keys(map).every((name) => OFFSET_FIELDS.has(name)),
    text
  )
  return map
}

/** What happened to the rows that were lost. */
function show(mode: Mode, config: Config, database: ModelDatabase, lost: readonly Version[]): void {
  if (lost.length === 0) return
  const lines = database.log.filter(
    (line) => !/ v\d/.test(line) || lost.some(({ id }) => line.includes(` ${id} v`))
  )
  process.stderr.write(`${mode} ${JSON.stringify(config)}\n${lines.join('\n')}\n`)
}
