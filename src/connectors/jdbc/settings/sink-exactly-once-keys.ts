import { configDef } from '../../../config/config-def.ts'

const GROUP = 'Exactly Once'

/** How positions are kept in the database, with the rows. */
export const sinkExactlyOnceKeys = configDef({
  'exactly.once.sink': {
    type: 'string',
    default: 'off',
    oneOf: ['off', 'requested', 'required'],
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Exactly Once',
    doc: 'Whether every record takes effect in the database exactly once, whatever fails: positions are kept in a table of it then, and change in the transaction of the rows. requested: where that can be had, and the status says why it cannot; required: the connector is refused otherwise. No task of a JVM worker may run in the group of the connector meanwhile.'
  },
  'sink.offsets.table': {
    type: 'string',
    default: 'kafka_connect_sink_offsets',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Offsets Table',
    doc: 'Table in the database of the rows that holds the positions, a row for each partition; any number of connectors may share it. It is made with auto.create.',
    check: (name: string) => (name.trim() === '' ? 'it must not be empty' : null)
  },
  'sink.offsets.name': {
    type: 'string',
    default: '',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Name in the Offsets Table',
    doc: 'Under which name the positions are kept. Empty: that of the connector. A connector that takes the place of another one goes on where that one was with its name.',
    check: offsetsNameProblem
  },
  'sink.offset.gap': {
    type: 'string',
    default: 'fail',
    oneOf: ['fail', 'continue'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Gaps',
    doc: 'What follows when Kafka no longer has the records a position of the table is at: fail stops the task, continue goes on with the first record there is. Either way the status says how many are missing.'
  },
  'synchronous.commit': {
    type: 'string',
    default: 'on',
    oneOf: ['on', 'off'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Synchronous Commit',
    doc: 'off: a COMMIT of rows may be answered before it is on a disk, where the database can do that. What a server forgets when it crashes, rows and position together, is written again; so it needs exactly.once.sink=required. on: as the server is set.'
  }
})

const MOST_CHARACTERS = 255

/** Why the table cannot hold positions under this name; null: it can. */
function offsetsNameProblem(name: string): string | null {
  if (name.length > MOST_CHARACTERS) return `it has more than ${MOST_CHARACTERS} characters`
  // Databases differ in whether they tell such names apart.
  return name.endsWith(' ') ? 'it ends in a blank' : null
}
