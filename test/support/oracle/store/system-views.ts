import { DICTIONARY } from './dictionary-views.ts'
import type { SystemView } from './objects.ts'
import { SPECIAL } from './performance-views.ts'
import { type SystemFacts, text } from './system-facts.ts'

/** Whether the user may see a table of the dictionary. */
function mayRead({ user, seesAll }: SystemFacts, owner: string, name: string): string {
  if (seesAll) return '1'
  const me = text(user)
  return `(${owner} = ${me} OR EXISTS (SELECT 1 FROM d_grant g WHERE g.grantee IN (${me}, 'PUBLIC') AND ((g.owner = ${owner} AND g.name = ${name}) OR g.privilege IN ('SELECT ANY TABLE', 'READ ANY TABLE'))))`
}

/** The view of this name without its prefix ALL_, USER_ or DBA_; null when there is none. */
export function systemView(name: string, facts: SystemFacts): SystemView | null {
  const special = SPECIAL[name]
  if (special !== undefined) return special(facts)
  const [, prefix = '', rest = ''] = /^(ALL|USER|DBA)_(.+)$/.exec(name) ?? []
  const make = DICTIONARY[rest]
  if (make === undefined) return null
  const scope = (owner: string, table: string): string => {
    if (prefix === 'DBA') return '1'
    return prefix === 'USER' ? `${owner} = ${text(facts.user)}` : mayRead(facts, owner, table)
  }
  const whole = make(scope)
  const mine = whole.columns.filter((column) => prefix !== 'USER' || column.name !== 'OWNER')
  return { ...whole, name, columns: mine, guarded: prefix === 'DBA' }
}
