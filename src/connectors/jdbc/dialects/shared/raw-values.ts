import { DataError } from '../../../../errors.ts'

/** Checks of what a driver hands out: exactly the type asked for, or a DataError (I5). */

export function readNumber(raw: unknown): number {
  if (typeof raw === 'number') return raw
  throw unexpected(raw, 'a number')
}

export function readString(raw: unknown): string {
  if (typeof raw === 'string') return raw
  throw unexpected(raw, 'text')
}

export function readBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return raw
  throw unexpected(raw, 'bytes')
}

export function unexpected(raw: unknown, wanted: string): DataError {
  const given = raw instanceof Date ? 'a JS Date, which would lose digits,' : typeof raw
  return new DataError(`The driver answered ${given} where ${wanted} was expected`)
}
