import { ConfigError, ConnectError, messageOf, PEER_AWAY } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'

/*
 * Errors (ORA-) after which the same call may succeed, over a new session. Sources: Oracle Database Error
 * Messages; the list of lost connections in the driver's lib/errors.js.
 */
const SESSION_LOST = [
  22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1013, 1014, 1041, 1043, 1089, 1090, 1092, 2396,
  2399, 3113, 3114, 3122, 3135, 3136, 7445, 12153, 12537, 12547, 12570, 12571, 12583, 12592, 27146,
  56600
]
/**
 * Instances, databases and services that start, move, catch up, or wait for their archiver or their disks.
 */
const NOT_READY = [
  257, 376, 1033, 1034, 1035, 1109, 1115, 1219, 3172, 16456, 25400, 25401, 25402, 25403, 25405,
  25407, 25408, 25409
]
const LISTENER_NOT_READY = [
  12157, 12170, 12500, 12502, 12505, 12514, 12516, 12518, 12519, 12520, 12521, 12525, 12526, 12527,
  12528, 12533, 12535, 12540, 12541, 12543, 12545, 12549, 12560, 12564, 12566, 12569, 12606, 12609,
  12637
]
/** Sessions, processes, open cursors, memory, temporary space, undo. */
const TOO_MUCH = [
  18, 20, 1000, 1628, 1650, 1652, 2391, 4030, 4031, 4036, 12853, 27102, 27300, 27301, 27302, 30036
]
/** The resource manager, or a limit of the account's profile, ended the call or the session. */
const OVER_A_LIMIT = [40, 2390, 2392, 2393, 2394, 2395, 2397, 7454, 56720, 56735]
/** Locks, deadlock, snapshot too old, a table changed, truncated or moved under a query. */
const LOST_A_RACE = [
  51, 54, 60, 1410, 1466, 1555, 4020, 4021, 4061, 4068, 8103, 8176, 8177, 14403, 22924, 30006
]
/** A two-phase commit that is in doubt, and databases behind a link. */
const DISTRIBUTED = [1591, 2049, 2068, 3150, 28500, 28511]
/** Servers of a parallel query that died, or are too few at the moment. */
const PARALLEL = [10387, 10388, 12801, 12805, 12827, 12842, 12850]
const RETRIABLE = new Set(
  [
    SESSION_LOST,
    NOT_READY,
    LISTENER_NOT_READY,
    TOO_MUCH,
    OVER_A_LIMIT,
    LOST_A_RACE,
    DISTRIBUTED,
    PARALLEL
  ].flat()
)
/** The right, the table, view or synonym, the column, or what a view reads is not there. */
const MISSING = new Set([904, 942, 980, 1031, 4063, 41_900])
/** Errors that only say where another one, which decides, came from. */
const WRAPPERS = new Set([604, 2063, 6512, 12801, 28500])
/** The driver's own numbers for the same. */
const RETRIABLE_OF_DRIVER = new Set([
  3, // invalid or closed connection
  18, // invalid result set: its session was lost
  123, // call timeout
  500, // closed
  501, // contact lost
  503, // could not be established
  504, // proxy
  509, // broken packet
  510, // timed out
  511, // refused
  513, // notified of a shutdown
  518, // service not registered with the listener
  519, // SID not registered
  521, // end of file
  530 // host not found
])

/**
 * The driver's error as one of ours. One error of the driver may carry another of the server: either decides.
 */
export function oracleError(error: unknown, what: string, sql?: string): ConnectError {
  if (error instanceof ConfigError || error instanceof ConnectError) return error
  const { code, offset } = error as { code?: unknown; offset?: number }
  const text = messageOf(error)
    .replace(/\nHelp: https:\S+/g, '')
    .replaceAll('\n', ' ')
  // A log that shows the chain of causes leaves out what was said already: the driver's words have to be the
  // same.
  if (error instanceof Error) error.message = text
  const named = typeof code === 'string' ? code : ''
  const codes = [...`${named} ${text}`.matchAll(/\b(ORA|NJS)-(\d{3,5})\b/g)]
  const inner = codes.filter(([, from, number]) => from !== 'ORA' || !WRAPPERS.has(Number(number)))
  const deciding = inner.length > 0 ? inner : codes
  const retriable =
    PEER_AWAY.test(named) ||
    deciding.some(([, from, number]) =>
      (from === 'ORA' ? RETRIABLE : RETRIABLE_OF_DRIVER).has(Number(number))
    )
  const server = codes.find(([, from]) => from === 'ORA')?.[0]
  const place = offset !== undefined && offset > 0 ? ` (at character ${offset + 1})` : ''
  return databaseError(`${what}: ${text}${place}`, {
    retriable,
    missing: deciding.some(([, from, number]) => from === 'ORA' && MISSING.has(Number(number))),
    cause: error,
    ...(server !== undefined ? { code: server } : named === '' ? {} : { code: named }),
    ...(sql === undefined ? {} : { sql })
  })
}
