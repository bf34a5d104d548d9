import { ConnectError, messageOf } from '../../../../errors.ts'
import type { WriteErrorClass } from '../../database/writing.ts'
import { classesByNumber, classifier, writeError } from '../shared/write-error.ts'
import { sqlServerError } from './errors.ts'

/*
 * What an error of a statement that writes says. Source: SQL Server "Database Engine events and errors".
 * Numbers that are not here are told by whether the same statement may succeed over a new session.
 */
const CLASS_OF = classesByNumber({
  outage: [233, 3906, 3908, 10_054, 40_613],
  conflict: [601, 1205, 1221, 1222, 3958, 3959, 3960, 3961, 41_302, 41_305, 41_325],
  resource: [701, 802, 1101, 1105, 3257, 5149, 8645, 8651, 9002, 40_544],
  structure: [
    207, 208, 213, 271, 272, 273, 544, 1088, 4902, 4413, 4920, 4922, 4924, 8101, 8102, 8106, 13_536
  ],
  privilege: [229, 230, 262, 297, 300, 916, 1104, 18_456],
  data: [
    220, 232, 235, 241, 242, 244, 245, 248, 293, 295, 296, 334, 512, 515, 517, 530, 547, 550, 1946,
    2601, 2627, 2628, 3609, 4863, 6522, 6609, 8114, 8115, 8152, 8169, 8170, 9400, 9401, 9402, 9420,
    9436, 9803, 9806, 9807, 13_608, 13_609
  ]
})
/** From here on numbers are those of RAISERROR and THROW, with a text of their author's. */
const RAISED = 50_000
/** These only say that a statement or its trigger ended; another beside them says why. */
const ECHOES = new Set([3609, 3616, 3621])

/** The driver's error as one of ours, without values (I7). */
export function sqlServerWriteError(
  error: unknown,
  what: string,
  facts: { readonly rowIndex?: number; readonly sql?: string } = {}
): ConnectError {
  if (error instanceof ConnectError) return classified(error)
  const all = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const deciding = all.find((one) => !ECHOES.has(numberOf(one))) ?? error
  const general = sqlServerError(deciding, what)
  const number = numberOf(deciding)
  const errorClass = classOf(number, general.retriable)
  const holdsValues = errorClass === 'data' || errorClass === 'unknown'
  const text = holdsValues ? withoutValues(number, messageOf(deciding)) : messageOf(deciding)
  const { code, state } = deciding as { code?: string; state?: number }
  const shown = number > 0 ? number : code
  return writeError(what, {
    ...facts,
    errorClass,
    text,
    cause: Object.assign(new Error(text), number > 0 ? { number, state, code } : { code }),
    ...(shown === undefined ? {} : { code: shown })
  })
}

export const classified = classifier((code, retriable) =>
  classOf(typeof code === 'number' ? code : 0, retriable)
)

function numberOf(error: unknown): number {
  return (error as { number?: number }).number ?? 0
}

function classOf(number: number, retriable: boolean): WriteErrorClass {
  if (number >= RAISED) return 'data'
  return CLASS_OF.get(number) ?? (retriable ? 'outage' : 'unknown')
}

/** Names, as far as the text has them in places that are known. */
function withoutValues(number: number, message: string): string {
  const named =
    /Cannot insert the value NULL into column '[^']*', table '[^']*'|Violation of [A-Z ]+ constraint '[^']*'|Cannot insert duplicate key row in object '[^']*' with unique index '[^']*'|The \w+ statement conflicted with the [A-Z ]+ constraint "[^"]*"|String or binary data would be truncated in table '[^']*', column '[^']*'/.exec(
      message
    )?.[0]
  return named ?? (number > 0 ? `the server refused a value (error ${number})` : message)
}
