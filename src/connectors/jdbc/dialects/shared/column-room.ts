import type { ColumnRoom, TargetType } from '../../database/writing.ts'

/** Precision and scale for what the type has room for and is to have room for; null: too many digits. */
export function largerDecimal(
  type: TargetType,
  room: Extract<ColumnRoom, { kind: 'decimal' }>,
  most: number
): readonly [precision: number, scale: number] | null {
  if (type.kind !== 'decimal' || type.precision === null || type.scale === null) return null
  const scale = Math.max(type.scale, room.scale)
  const precision = Math.max(type.precision - type.scale, room.whole) + scale
  return precision > most ? null : [precision, scale]
}

/** Twice as long as the type at least, so that few steps lead to any length; null: it cannot be so long. */
export function longerText(
  type: TargetType,
  { length }: Extract<ColumnRoom, { kind: 'string' }>,
  most: number
): number | null {
  if (type.kind !== 'string' || type.max === null || length > most) return null
  return Math.min(most, Math.max(2 * type.max, length))
}
