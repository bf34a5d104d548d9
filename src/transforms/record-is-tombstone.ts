import { predicatePlugin } from './kafka-plugins.ts'

/** Holds for records without a value. */
export const recordIsTombstonePlugin = predicatePlugin('RecordIsTombstone', {}, () => ({
  test: ({ value }) => value === null || value === undefined
}))
