import { DataError } from '../../../errors.ts'

/** A value that cannot take the form of its column, in words that hold no value (I7). */
export function misfit(reason: string): DataError {
  return new DataError(reason)
}

/** Brings a value, null excluded, into the form of a column; throws {@link misfit}. */
export type Fit = (value: unknown) => unknown

/** How values of one meaning get there; a text: why none ever does. */
export type Fitting = Fit | string
