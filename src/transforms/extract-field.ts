import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { FieldPath } from './field-path.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMapOrNull, requireStructOrNull } from './requirements.ts'
import { perSchema } from './struct-building.ts'

const PURPOSE = 'field extraction'

const config = configDef({
  field: { type: 'string', importance: 'medium', doc: 'The field to take.' },
  ...replaceNullConfig,
  'field.syntax.version': {
    type: 'string',
    default: 'V1',
    oneOfIgnoreCase: ['V1', 'V2'],
    importance: 'high',
    doc: 'With `V1`, `field` is the name of a field. With `V2` it is a path of names with dots between them; a name that has dots itself stands in backticks.'
  }
})

/** Makes one field the whole key or value. */
class ExtractField implements Transformation {
  readonly #side: RecordSide
  readonly #text: string
  readonly #path: FieldPath
  readonly #replaceNull: boolean
  readonly #fieldFor = perSchema((schema) => {
    const field = this.#path.fieldIn(schema)
    if (field === undefined) throw new DataError(`Unknown field: ${this.#text}`)
    return field
  })

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#text = settings.field
    const version = settings['field.syntax.version'].toUpperCase() === 'V2' ? 'V2' : 'V1'
    this.#path = new FieldPath(settings.field, version)
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#side.schema(record)
    const value = this.#side.value(record)
    if (schema === null) {
      const map = requireMapOrNull(value, PURPOSE)
      return this.#side.with(record, null, map === null ? null : this.#path.valueInMap(map))
    }
    const struct = requireStructOrNull(value, PURPOSE, schema)
    const field = this.#fieldFor(schema)
    const found = struct === null ? null : this.#path.valueInStruct(struct, this.#replaceNull)
    return this.#side.with(record, field.schema, found)
  }
}

export const extractFieldPlugins = sidePlugins(
  'ExtractField',
  config,
  (side, settings) => new ExtractField(side, settings)
)
