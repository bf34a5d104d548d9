import { ConnectError } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { errorClassOf, type WriteErrorClass } from '../../database/writing.ts'

/** What is told of an error of a session that writes: names, never a value (I7). */
interface WriteErrorFacts {
  readonly errorClass: WriteErrorClass
  readonly sql?: string
  /** What the database says, values left out. */
  readonly text?: string
  /** Its SQLSTATE or number. */
  readonly code?: string | number
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  readonly rowIndex?: number
  /** Only where it cannot hold a value, as an error of the network. */
  readonly cause?: unknown
}

const PASSING: ReadonlySet<WriteErrorClass> = new Set(['outage', 'conflict', 'resource'])

/** The one way to make an error of a statement that writes. */
export function writeError(what: string, facts: WriteErrorFacts): ConnectError {
  const { text, cause, ...rest } = facts
  const reason = text ?? (cause instanceof Error ? cause.message : 'no reason was given')
  const code = rest.code === undefined ? '' : ` (${rest.code})`
  return databaseError(`${what}: ${reason}${code}`, {
    ...rest,
    retriable: PASSING.has(rest.errorClass),
    missing: rest.errorClass === 'structure' || rest.errorClass === 'privilege',
    ...(cause === undefined ? {} : { cause })
  })
}

/** The class of each number, of lists of numbers by their class. */
export function classesByNumber(
  numbersOf: Readonly<Partial<Record<WriteErrorClass, readonly number[]>>>
): ReadonlyMap<number, WriteErrorClass> {
  return new Map(
    Object.entries(numbersOf).flatMap(([name, numbers]) =>
      numbers.map((number) => [number, name as WriteErrorClass] as const)
    )
  )
}

/**
 * Gives an error of the session beneath (opening, asking the dictionary, waiting in vain) the class that
 * `classOf` tells of its code. One that has a class, or is none of ours, stays as it is.
 */
export function classifier(
  classOf: (code: unknown, retriable: boolean) => WriteErrorClass
): <E>(error: E) => E | ConnectError {
  return (error) => {
    if (!(error instanceof ConnectError) || errorClassOf(error) !== null) return error
    const { code, message, facts, retriable } = error
    const errorClass = classOf(facts['code'], retriable)
    return new ConnectError(code, message, { ...facts, errorClass, cause: error })
  }
}
