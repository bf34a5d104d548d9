import type { Mode, TablePlan, WorldPlan } from './plan.ts'

/** The configuration of the one task that reads all tables of a world. */
export function configOf(world: WorldPlan, url: string): Record<string, string> {
  const tables = world.tables.filter(({ query }) => !query)
  const names = tables.map(({ name }) => `"${name}"`).join(',')
  const config: Record<string, string> = {
    'connection.url': url,
    'topic.prefix': 'x-',
    mode: tables[0]?.mode ?? 'bulk',
    'late.commit.guard': world.guard,
    'late.commit.max.wait.ms': String(world.maxWaitMs),
    'late.commit.margin.ms': String(world.marginMs),
    'late.commit.window.ms': String(world.windowMs),
    'late.commit.seen.max.keys': String(world.seenMaxKeys),
    'timestamp.delay.interval.ms': String(world.delayMs),
    'connection.backoff.ms': '200',
    'validate.non.null': 'false',
    'db.timezone': world.zone.id,
    ...(tables.length === 0
      ? {}
      : { 'table.whitelist': names, tables: names, 'tables.fetched': 'true' })
  }
  const groups: string[] = []
  const queries: string[] = []
  for (const [index, table] of world.tables.entries()) {
    const own = table.query ? `queries.q${index}` : `table.settings.t${index}`
    if (table.query) {
      queries.push(`q${index}`)
      config[`${own}.query`] = `SELECT * FROM "${table.name}" WHERE kind <> 9`
      if (table.mode !== 'bulk') config[`${own}.query`] += ' AND ${bounds}'
    } else {
      groups.push(`t${index}`)
      config[`${own}.tables`] = `"${table.name}"`
    }
    for (const [key, value] of Object.entries(ownKeys(table))) config[`${own}.${key}`] = value
  }
  if (groups.length > 0) config['table.settings'] = groups.join()
  if (queries.length > 0) config['queries'] = queries.join()
  return config
}

function ownKeys({ mode, pollIntervalMs, batchRows, suffix }: TablePlan): Record<string, string> {
  return {
    ...modeKeys(mode),
    'poll.interval.ms': String(pollIntervalMs),
    'batch.max.rows': String(batchRows),
    ...(suffix === null ? {} : { 'query.suffix': suffix })
  }
}

export function modeKeys(mode: Mode): Record<string, string> {
  return {
    mode,
    ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
    ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'changed,created' } : {})
  }
}
