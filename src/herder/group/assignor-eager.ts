import { compareTasks, type WorkSet, workSet } from '../work/work-set.ts'

/**
 * Protocol version 0: all work was stopped, everything is dealt out anew. Members in order of their ids;
 * connectors by name go round, and the tasks (by connector, then number) continue with the member that comes
 * next.
 */
export function assignEagerly(
  memberIds: Iterable<string>,
  configured: WorkSet
): Map<string, WorkSet> {
  const members = [...memberIds].sort()
  const hands = new Map(members.map((id) => [id, { connectors: [], tasks: [] } as Hand]))
  let turn = 0
  const next = () => hands.get(members[turn++ % members.length] ?? '')
  for (const connector of [...configured.connectors].sort()) next()?.connectors.push(connector)
  for (const task of [...configured.tasks].sort(compareTasks)) next()?.tasks.push(task)
  return new Map([...hands].map(([id, hand]) => [id, workSet(hand.connectors, hand.tasks)]))
}

interface Hand {
  readonly connectors: string[]
  readonly tasks: string[]
}
