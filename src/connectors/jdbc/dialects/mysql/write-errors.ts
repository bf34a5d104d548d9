import { ConnectError } from '../../../../errors.ts'
import type { WriteErrorClass } from '../../database/writing.ts'
import { classesByNumber, classifier, writeError } from '../shared/write-error.ts'
import { mysqlError } from './errors.ts'

/*
 * What an error of a statement that writes says. Sources: MySQL and MariaDB error references. Numbers that
 * are not here are told by their SQLSTATE, or by whether the same statement may succeed later.
 */
const CLASS_OF = classesByNumber({
  // The server may not be written to: demoted, or without its group.
  outage: [1040, 1047, 1053, 1129, 1203, 1226, 1290, 1836, 3101],
  conflict: [1020, 1205, 1213, 1317, 1412, 1613, 1614, 1615, 1689, 1969, 3024, 3100, 3572, 4167],
  resource: [1021, 1030, 1037, 1038, 1041, 1114, 1206, 1534, 1637, 3231],
  structure: [
    1005, 1049, 1051, 1054, 1059, 1060, 1067, 1071, 1074, 1101, 1103, 1109, 1110, 1117, 1136, 1146,
    1166, 1170, 1176, 1288, 1347, 1356, 1471, 1906, 3105
  ],
  privilege: [1044, 1045, 1142, 1143, 1227, 1370, 1410, 1698, 1873, 3118, 4151],
  data: [
    1022, 1048, 1062, 1153, 1169, 1216, 1217, 1263, 1264, 1265, 1292, 1300, 1364, 1365, 1366, 1367,
    1406, 1411, 1416, 1425, 1426, 1427, 1439, 1441, 1451, 1452, 1525, 1526, 1557, 1586, 1644, 1690,
    1748, 1761, 1762, 3140, 3141, 3144, 3155, 3156, 3819, 3903, 4025, 4078
  ]
})
/** Classes of SQLSTATE: their first two characters. */
const CLASS_OF_STATE: Readonly<Record<string, WriteErrorClass>> = {
  '08': 'outage',
  '22': 'data',
  '23': 'data',
  '28': 'privilege',
  '40': 'conflict'
}

interface DriverError {
  readonly errno?: number
  readonly code?: string
  readonly sqlState?: string
  readonly message?: string
}

/** The driver's error as one of ours, without the statement and without values (I7). */
export function mysqlWriteError(
  error: unknown,
  what: string,
  facts: { readonly rowIndex?: number; readonly sql?: string } = {}
): ConnectError {
  if (error instanceof ConnectError) return classified(error)
  const { errno = 0, code, sqlState = '', message = '' } = error as DriverError
  const general = mysqlError(error, what)
  const errorClass =
    CLASS_OF.get(errno) ??
    CLASS_OF_STATE[sqlState.slice(0, 2)] ??
    (general.retriable ? 'outage' : 'unknown')
  const text = withoutValues(errno, message)
  return writeError(what, {
    ...facts,
    errorClass,
    text,
    // The driver's own error has the whole statement in it.
    cause: Object.assign(new Error(text), { errno, code, sqlState }),
    ...(errno >= 1000 ? { code: errno } : code === undefined ? {} : { code })
  })
}

export const classified = classifier((code, retriable) => {
  const known = typeof code === 'number' ? CLASS_OF.get(code) : undefined
  return known ?? (retriable ? 'outage' : 'unknown')
})

/** Messages that say nothing but names. */
const NAMES_ONLY = new Set([
  1005, 1044, 1045, 1048, 1049, 1050, 1051, 1054, 1059, 1060, 1067, 1071, 1074, 1101, 1103, 1109,
  1114, 1117, 1118, 1136, 1142, 1143, 1146, 1166, 1170, 1205, 1213, 1216, 1217, 1227, 1264, 1265,
  1288, 1290, 1364, 1370, 1406, 1451, 1452, 1471, 1836, 1906, 1969, 3024, 3105, 3819, 4025
])

/** What the server says, but for values in it. */
function withoutValues(errno: number, message: string): string {
  // The driver's own words about sessions and sockets.
  if (errno < 1000 || (errno >= 2000 && errno < 3000)) return message
  if (NAMES_ONLY.has(errno)) return message
  const key = /^Duplicate entry .* for key '([^']*)'$/s.exec(message)?.[1]
  if (key !== undefined) return `a row with the same key is there already (key '${key}')`
  const place = / for (?:column|function) (\S+)(?: at row \d+)?$/.exec(message)?.[1]
  if (place !== undefined) return `error ${errno}: the value does not fit ${place}`
  return `error ${errno} of the server, whose text may hold values`
}
