import type { Ajv, ErrorObject, Options } from 'ajv'
import { asError, DataError } from '../../errors.ts'
import type { SpecVersion } from './json-schema-config.ts'
import type { ReferencedSchema } from '../registry/registry-converter.ts'

/** Throws DataError when the JSON text of a record is not what its schema says. */
export type Validate = (text: string) => void

type Node = Record<string, unknown>
type Compiler = (dialect: SpecVersion) => Ajv

const DIALECTS: readonly [RegExp, SpecVersion][] = [
  [/draft-04/, 'draft_4'],
  [/draft-06/, 'draft_6'],
  [/draft-07/, 'draft_7'],
  [/2019-09/, 'draft_2019_09'],
  [/2020-12/, 'draft_2020_12']
]
/** Words of ours are no mistakes of the schema's author. */
const OPTIONS: Options = { strict: false, validateFormats: false, allErrors: false }

/** Checks of records against JSON Schemas, by Ajv, which is loaded only where they are wanted. */
export class JsonSchemaValidator {
  readonly #compiler: Compiler
  readonly #fallback: SpecVersion

  private constructor(compiler: Compiler, fallback: SpecVersion) {
    this.#compiler = compiler
    this.#fallback = fallback
  }

  /** `fallback`: the dialect of schemas without `$schema`. */
  static async load(fallback: SpecVersion): Promise<JsonSchemaValidator> {
    const [{ Ajv }, { Ajv2019 }, { Ajv2020 }, draft4, draft6] = await Promise.all([
      import('ajv'),
      import('ajv/dist/2019.js'),
      import('ajv/dist/2020.js'),
      import('ajv-draft-04'),
      import('ajv/dist/refs/json-schema-draft-06.json', { with: { type: 'json' } })
    ])
    const compiler: Compiler = (dialect) => {
      if (dialect === 'draft_4') return new draft4.default.default(OPTIONS) as unknown as Ajv
      if (dialect === 'draft_2019_09') return new Ajv2019(OPTIONS)
      if (dialect === 'draft_2020_12') return new Ajv2020(OPTIONS)
      const ajv = new Ajv(OPTIONS)
      return dialect === 'draft_6' ? ajv.addMetaSchema(draft6.default) : ajv
    }
    return new JsonSchemaValidator(compiler, fallback)
  }

  /** Throws DataError for a schema that is none. */
  compile(schema: string, references: readonly ReferencedSchema[]): Validate {
    try {
      const root = JSON.parse(schema) as Node | boolean
      const named = typeof root === 'object' ? root['$schema'] : undefined
      const dialect = DIALECTS.find(([name]) => typeof named === 'string' && name.test(named))?.[1]
      const ajv = this.#compiler(dialect ?? this.#fallback)
      for (const { name, schema: text } of references) {
        ajv.addSchema(withTextBytes(JSON.parse(text)) as Node, name)
      }
      const validate = ajv.compile(withTextBytes(root) as Node)
      return (text) => {
        if (validate(JSON.parse(text))) return
        throw new DataError(
          `The record is not what its JSON Schema says: ${reason(validate.errors)}`
        )
      }
    } catch (error) {
      if (error instanceof DataError) throw error
      throw new DataError(`The JSON Schema is invalid: ${asError(error).message}`, { cause: error })
    }
  }
}

/** Where and what, never the value (I7). */
function reason(errors: readonly ErrorObject[] | null | undefined): string {
  const first = errors?.[0]
  return first === undefined ? 'unknown' : `${first.instancePath || '/'} ${first.message}`
}

/** Decimals in base64 have the type `number` in Confluent's schemas: both notations are right there. */
function withTextBytes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withTextBytes)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, withTextBytes(value)])
  )
  return copy['type'] === 'number' && copy['connect.type'] === 'bytes'
    ? { ...copy, type: ['number', 'string'] }
    : copy
}
