import type { AssignorName } from '../../../settings/clients/consumer-settings.ts'
import type { Assignor } from './assignor.ts'
import { cooperativeSticky } from './cooperative-sticky.ts'
import { range } from './range.ts'
import { roundRobin } from './roundrobin.ts'
import { sticky } from './sticky.ts'

/** By the names that members of a group give them. */
export const assignors: Readonly<Record<AssignorName, Assignor>> = {
  range,
  roundrobin: roundRobin,
  sticky,
  'cooperative-sticky': cooperativeSticky
}
