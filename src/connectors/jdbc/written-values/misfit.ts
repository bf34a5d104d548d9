import { DataError } from '../../../errors.ts'
import type { ColumnRoom } from '../database/writing.ts'

/**
 * A value that cannot take the form of its column, in words that hold no value (I7). `room`: in a larger
 * column it would fit.
 */
export function misfit(reason: string, room?: ColumnRoom): DataError {
  return new DataError(reason, room === undefined ? {} : { room })
}

/** The room that a value wants which did not fit; null: none would help. */
export function roomOf(error: unknown): ColumnRoom | null {
  if (!(error instanceof DataError)) return null
  return (error.facts['room'] as ColumnRoom | undefined) ?? null
}

/** Brings a value, null excluded, into the form of a column; throws {@link misfit}. */
export type Fit = (value: unknown) => unknown

/** How values of one meaning get there; a text: why none ever does. */
export type Fitting = Fit | string
