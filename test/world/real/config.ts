import type { Home } from './database.ts'
import type { RealPlan, TablePlan } from './plan.ts'
import { sourceKeys } from './sink-config.ts'
import { converterOf } from './topics.ts'

/** The configuration of a world's connector. */
export function connectorConfig(
  plan: RealPlan,
  home: Home,
  exactlyOnce: boolean
): Record<string, string> {
  const config: Record<string, string> = {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    ...home.config,
    'table.whitelist': plan.tables.map((table) => home.listed(table)).join(','),
    'topic.prefix': `${plan.name}-`,
    'db.timezone': plan.zone,
    // Patience for an account that is locked several times in a row, right at a start; the pauses grow.
    'connection.backoff.ms': '300',
    'connection.attempts': '7',
    mode: plan.tables[0]?.mode ?? 'bulk',
    ...plan.settings,
    ...converterOf(plan),
    ...sourceKeys(plan),
    ...(exactlyOnce ? { 'exactly.once.support': 'required' } : {}),
    'table.settings': plan.tables.map((_, index) => `t${index}`).join()
  }
  for (const [index, table] of plan.tables.entries()) {
    const own = `table.settings.t${index}`
    config[`${own}.tables`] = home.listed(table)
    for (const [key, value] of Object.entries(modeKeys(table.mode))) config[`${own}.${key}`] = value
    if (table.mode === 'bulk') config[`${own}.poll.interval.ms`] = '700'
  }
  return config
}

function modeKeys(mode: TablePlan['mode']): Record<string, string> {
  return {
    mode,
    ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
    ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'changed' } : {})
  }
}
