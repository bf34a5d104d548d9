import { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import { fixedWidthPlugins } from './fixed-width.ts'

/** One byte: 1 is true, 0 is false. */
export const [booleanConverterPlugin, booleanHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Boolean',
  bytes: 1,
  nullOfAnySchema: false,
  schema: Schema.OPTIONAL_BOOLEAN,
  fits: (value) => typeof value === 'boolean',
  write: (target, value) => target.writeUInt8(value === true ? 1 : 0),
  read: (source) => {
    const byte = source.readUInt8()
    if (byte > 1) throw new DataError(`Failed to deserialize: ${byte} is not a Boolean`)
    return byte === 1
  }
})
