import { configDef } from '../../config/config-def.ts'

export const ASSIGNMENT_KEY = 'sink.assignment'

/** For workers; a connector may say otherwise under the same name. */
export const sinkAssignmentKeys = configDef({
  [ASSIGNMENT_KEY]: {
    type: 'string',
    default: 'jvm',
    oneOf: ['jvm', 'spread'],
    importance: 'low',
    doc: 'How the partitions of a sink are shared out to its tasks. jvm: as a JVM worker, whose range gives the only partitions of many topics to one task. spread: to all tasks alike, and tasks keep what they have when others come and go (cooperative-sticky); where a member of the group knows only range, that is used, and tasks of a JVM worker that know only range cannot join later. `partition.assignment.strategy` of the consumer goes before it. A connector may have a setting of its own under the same name.'
  }
})
