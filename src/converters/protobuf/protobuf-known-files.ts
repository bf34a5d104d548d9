/**
 * The files generated schemas import, without their comments: interfaces of Protobuf, of Google's common
 * types (github.com/googleapis/googleapis) and of Confluent's metadata. By the name they are imported with.
 */
const proto = (packageName: string, body: string, imports: readonly string[] = []) => ({
  imports,
  text: `syntax = "proto3";\npackage ${packageName};\n${imports.map((name) => `\nimport "${name}";\n`).join('')}${body}`
})

const wrapper = (name: string, type: string): string =>
  `\nmessage ${name}Value {\n  ${type} value = 1;\n}\n`

const DESCRIPTOR = 'google/protobuf/descriptor.proto'
const meta = (kind: string, extendee: string): string =>
  `\nextend google.protobuf.${extendee} {\n  Meta ${kind}_meta = 1088;\n}\n`

export const KNOWN_FILES: ReadonlyMap<
  string,
  { readonly text: string; readonly imports: readonly string[] }
> = new Map([
  [
    'google/protobuf/timestamp.proto',
    proto('google.protobuf', '\nmessage Timestamp {\n  int64 seconds = 1;\n  int32 nanos = 2;\n}\n')
  ],
  [
    'google/protobuf/wrappers.proto',
    proto(
      'google.protobuf',
      [
        wrapper('Double', 'double'),
        wrapper('Float', 'float'),
        wrapper('Int64', 'int64'),
        wrapper('UInt64', 'uint64'),
        wrapper('Int32', 'int32'),
        wrapper('UInt32', 'uint32'),
        wrapper('Bool', 'bool'),
        wrapper('String', 'string'),
        wrapper('Bytes', 'bytes')
      ].join('')
    )
  ],
  [
    'google/type/date.proto',
    proto(
      'google.type',
      '\nmessage Date {\n  int32 year = 1;\n  int32 month = 2;\n  int32 day = 3;\n}\n'
    )
  ],
  [
    'google/type/timeofday.proto',
    proto(
      'google.type',
      '\nmessage TimeOfDay {\n  int32 hours = 1;\n  int32 minutes = 2;\n  int32 seconds = 3;\n  int32 nanos = 4;\n}\n'
    )
  ],
  [
    'confluent/type/decimal.proto',
    proto(
      'confluent.type',
      '\nmessage Decimal {\n  bytes value = 1;\n  uint32 precision = 2;\n  int32 scale = 3;\n}\n'
    )
  ],
  [
    'confluent/meta.proto',
    proto(
      'confluent',
      `\nmessage Meta {\n  string doc = 1;\n  map<string, string> params = 2;\n}\n${[
        meta('file', 'FileOptions'),
        meta('message', 'MessageOptions'),
        meta('field', 'FieldOptions'),
        meta('enum', 'EnumOptions'),
        meta('enum_value', 'EnumValueOptions')
      ].join('')}`,
      [DESCRIPTOR]
    )
  ]
])

/** What only options need: records are read and written without them. */
export const OPTION_FILES: ReadonlySet<string> = new Set(['confluent/meta.proto', DESCRIPTOR])
