import { type Assignor, byMember, noneYet } from './assignor.ts'

/** All partitions of all topics in order, one to each member in turn that subscribes to its topic. */
export const roundRobin: Assignor = {
  isCooperative: false,
  userData: () => null,
  assign: (members, topics) => {
    const assigned = noneYet(members)
    const circle = members.toSorted(byMember)
    const subscribed = new Set(members.flatMap((member) => member.topics))
    let next = 0
    for (const topic of [...subscribed].sort()) {
      for (const partition of (topics.get(topic) ?? []).keys()) {
        const turn = (at: number) => circle[at % circle.length]
        while (turn(next)?.topics.includes(topic) !== true) next++
        assigned.get(turn(next++)?.memberId ?? '')?.push({ topic, partition })
      }
    }
    return assigned
  }
}
