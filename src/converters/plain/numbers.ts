import { Schema } from '../../data/schema.ts'
import { int64, isFloat32, isInt64, isSmallInteger } from '../../data/values.ts'
import { fixedWidthPlugins } from './fixed-width.ts'

/** Kafka's converters of single numbers: big-endian, nothing around them. */

export const [doubleConverterPlugin, doubleHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Double',
  bytes: 8,
  nullOfAnySchema: true,
  schema: Schema.OPTIONAL_FLOAT64,
  fits: (value) => typeof value === 'number',
  write: (target, value) => target.writeDoubleBE(value as number),
  read: (source) => source.readDoubleBE()
})

export const [floatConverterPlugin, floatHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Float',
  bytes: 4,
  nullOfAnySchema: true,
  schema: Schema.OPTIONAL_FLOAT32,
  fits: isFloat32,
  write: (target, value) => target.writeFloatBE(value as number),
  read: (source) => source.readFloatBE()
})

export const [integerConverterPlugin, integerHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Integer',
  bytes: 4,
  nullOfAnySchema: true,
  schema: Schema.OPTIONAL_INT32,
  fits: (value) => isSmallInteger('int32', value),
  write: (target, value) => target.writeInt32BE(value as number),
  read: (source) => source.readInt32BE()
})

export const [longConverterPlugin, longHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Long',
  bytes: 8,
  nullOfAnySchema: true,
  schema: Schema.OPTIONAL_INT64,
  fits: isInt64,
  write: (target, value) => target.writeBigInt64BE(BigInt(value as number | bigint)),
  read: (source) => int64(source.readBigInt64BE())
})

export const [shortConverterPlugin, shortHeaderConverterPlugin] = fixedWidthPlugins({
  name: 'Short',
  bytes: 2,
  nullOfAnySchema: true,
  schema: Schema.OPTIONAL_INT16,
  fits: (value) => isSmallInteger('int16', value),
  write: (target, value) => target.writeInt16BE(value as number),
  read: (source) => source.readInt16BE()
})
