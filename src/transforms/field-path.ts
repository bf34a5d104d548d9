import type { Field, Schema } from '../data/schema.ts'
import type { Struct } from '../data/struct.ts'
import { ConfigError, DataError } from '../errors.ts'
import { requireMapOrNull, requireStructOrNull } from './requirements.ts'
import { valueIn } from './struct-building.ts'

const PURPOSE = 'nested field access'

/**
 * Where a field sits. Syntax V1: the text is the name of a field. V2: names separated by dots; a name that
 * contains dots stands between backticks, and a backtick in front of a dot within it is written `` \` ``.
 */
export class FieldPath {
  readonly #parents: readonly string[]
  readonly #name: string

  /** Throws ConfigError when a backtick of V2 has no partner, or the path is empty. */
  constructor(text: string, version: 'V1' | 'V2') {
    const steps = version === 'V1' ? [text] : stepsOf(text)
    const name = steps.at(-1)
    if (name === undefined) throw new ConfigError('An empty path of syntax V2 leads to no field')
    this.#parents = steps.slice(0, -1)
    this.#name = name
  }

  /**
   * The field a schema has there; undefined when there is none. Throws DataError where a step is into
   * something else than a struct.
   */
  fieldIn(schema: Schema): Field | undefined {
    let current = schema
    for (const step of this.#parents) {
      const field = lookUp(current, step)
      if (field === undefined) return undefined
      current = field.schema
    }
    return lookUp(current, this.#name)
  }

  valueInStruct(struct: Struct, replaceNull: boolean): unknown {
    let current = struct
    for (const step of this.#parents) {
      const field = current.schema.field(step)
      if (field === undefined) return null
      const next = requireStructOrNull(valueIn(current, field, true), PURPOSE, field.schema)
      if (next === null) return null
      current = next
    }
    const field = current.schema.field(this.#name)
    return field === undefined ? null : valueIn(current, field, replaceNull)
  }

  valueInMap(map: ReadonlyMap<string, unknown>): unknown {
    let current = map
    for (const step of this.#parents) {
      const next = requireMapOrNull(current.get(step), PURPOSE)
      if (next === null) return null
      current = next
    }
    return current.get(this.#name) ?? null
  }
}

function lookUp(schema: Schema, name: string): Field | undefined {
  if (schema.type !== 'struct') throw new DataError('Cannot look up fields on non-struct type')
  return schema.field(name)
}

function stepsOf(path: string): string[] {
  const steps: string[] = []
  let at = 0
  while (at < path.length) {
    if (path[at] === '`') {
      const { name, end } = quotedStep(path, at)
      steps.push(name)
      at = end
    } else {
      const dot = path.indexOf('.', at)
      steps.push(path.slice(at, dot < 0 ? undefined : dot))
      at = dot < 0 ? path.length : dot + 1
    }
  }
  if (path.endsWith('.')) steps.push('')
  return steps
}

/**
 * The name that begins with the backtick at `open`; only a backtick before a dot or the end closes it. `end`
 * is behind that dot.
 */
function quotedStep(path: string, open: number): { name: string; end: number } {
  let name = ''
  let start = open + 1
  let from = start
  for (;;) {
    const tick = path.indexOf('`', from)
    const last = tick >= path.length - 1
    const escaped = path[tick - 1] === '\\'
    if (tick < 0 || (last && escaped)) {
      throw new ConfigError(
        `Incomplete backtick pair in path: [${path}], consider adding a backslash before backtick at position ${open} to escape it`
      )
    }
    from = tick + 1
    if (!last && path[tick + 1] !== '.') continue
    if (!escaped) return { name: name + path.slice(start, tick), end: tick + 2 }
    name += `${path.slice(start, tick - 1)}\``
    start = from
  }
}
