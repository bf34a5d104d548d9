import { inspect } from 'node:util'
import { asError, ConnectError, type ErrorCode } from '../errors.ts'

/** An error as plain data, with all of its causes. */
export interface ErrorData {
  readonly message: string
  readonly stack: string | null
  /** null: none of ours. */
  readonly code: ErrorCode | null
  /**
   * Of an error of ours its facts, of others what stands on them (`errno`); what is no plain value is its
   * text.
   */
  readonly facts: Readonly<Record<string, FactData>>
  readonly cause: ErrorData | null
}

type FactData = string | number | bigint | boolean | null | undefined

/** Causes of causes beyond this are not told. */
const MOST_CAUSES = 10

export function errorData(thrown: unknown, causes = MOST_CAUSES): ErrorData {
  const error = asError(thrown)
  const { stack = null } = error
  // Without a message the class is what there is to say, and it does not cross.
  const message = error.message === '' && !('code' in error) ? error.name : error.message
  const ours = error instanceof ConnectError
  const facts = Object.entries(ours ? error.facts : error)
  // Of several at once the first one stands for all.
  const cause: unknown =
    error.cause ?? (error instanceof AggregateError ? (error.errors[0] as unknown) : undefined)
  return {
    message,
    stack,
    code: ours ? error.code : null,
    facts: Object.fromEntries(facts.map(([name, fact]) => [name, plain(fact)])),
    cause: cause === undefined || causes === 0 ? null : errorData(cause, causes - 1)
  }
}

/**
 * The error again: its code and whether it is retriable, its text, its causes, and the stack it had where it
 * was thrown.
 */
export function errorOf({ message, stack, code, facts, cause }: ErrorData): Error {
  const because = cause === null ? {} : { cause: errorOf(cause) }
  const error =
    code === null
      ? Object.assign(new Error(message, because), facts)
      : new ConnectError(code, message, { ...facts, ...because })
  if (stack !== null) error.stack = stack
  return error
}

function plain(fact: unknown): FactData {
  if (fact === null || typeof fact !== 'object') {
    return typeof fact === 'function' || typeof fact === 'symbol'
      ? String(fact)
      : (fact as FactData)
  }
  return inspect(fact)
}
