import { ConnectError, messageOf } from '../../../../errors.ts'
import type { WriteErrorClass } from '../../database/writing.ts'
import { classesByNumber, classifier, writeError } from '../shared/write-error.ts'
import { oracleError } from './errors.ts'

/*
 * What an error of a statement that writes says. Source: Oracle Database Error Messages. Numbers that are not
 * here are told by whether the same statement may succeed over a new session.
 */
const CLASS_OF = classesByNumber({
  conflict: [51, 54, 60, 1013, 4020, 4021, 8176, 8177, 14_403, 30_006],
  resource: [
    257, 1536, 1628, 1630, 1631, 1650, 1651, 1652, 1653, 1654, 1655, 1658, 1659, 1688, 1691, 1692,
    4030, 4031, 4036, 19_809, 30_036
  ],
  structure: [
    903, 904, 913, 917, 942, 947, 980, 1732, 1733, 1747, 1776, 1779, 4043, 4063, 32_795, 38_104,
    54_013, 54_017
  ],
  privilege: [1017, 1031, 1045, 28_000, 28_001, 41_900],
  data: [
    1, 1400, 1401, 1407, 1426, 1438, 1439, 1461, 1489, 1722, 1727, 1728, 1830, 1839, 1840, 1841,
    1843, 1846, 1847, 1850, 1851, 1852, 1858, 1861, 1862, 1878, 2290, 2291, 2292, 6502, 12_899,
    14_400, 14_402, 40_441, 40_442, 40_587
  ],
  outage: [16_000, 16_456]
})
/** Raised by a trigger, with a text of its author's. */
const RAISED = { from: 20_000, to: 20_999 }
/** The call was broken off because it took too long: somebody was in the way. */
const CALL_TIMEOUT = 'NJS-123'

/** The driver's error as one of ours, without values (I7). */
export function oracleWriteError(
  error: unknown,
  what: string,
  facts: { readonly rowIndex?: number; readonly sql?: string } = {}
): ConnectError {
  if (error instanceof ConnectError) return classified(error)
  const general = oracleError(error, what)
  const code = String(general.facts['code'] ?? '')
  const errorClass = classOf(code, general.retriable)
  const isOfValues = errorClass === 'data' || errorClass === 'unknown'
  const text = isOfValues
    ? withoutValues(code, messageOf(error))
    : (messageOf(error).split('\n')[0] ?? '')
  return writeError(what, {
    ...facts,
    errorClass,
    text,
    cause: Object.assign(new Error(text), { errorNum: numberOfCode(code), code }),
    ...(code === '' ? {} : { code })
  })
}

export const classified = classifier((code, retriable) => classOf(String(code ?? ''), retriable))

function classOf(code: string, retriable: boolean): WriteErrorClass {
  if (code === CALL_TIMEOUT) return 'conflict'
  const number = numberOfCode(code)
  if (number >= RAISED.from && number <= RAISED.to) return 'data'
  return CLASS_OF.get(number) ?? (retriable ? 'outage' : 'unknown')
}

function numberOfCode(code: string): number {
  return code.startsWith('ORA-') ? Number(code.slice('ORA-'.length)) : 0
}

/** Names, as far as the text has them in places that are known. Later releases add values behind them. */
function withoutValues(code: string, message: string): string {
  const named =
    /cannot (?:insert|update) \S+ (?:into \(\S+\)|to NULL)|(?:unique|integrity|check) constraint \(\S+\) violated|value too large for column \S+/.exec(
      message
    )?.[0]
  return named ?? `the server refused a value (${code === '' ? 'no number' : code})`
}
