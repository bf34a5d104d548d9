import protobuf from 'protobufjs'
import { asError, DataError } from '../../errors.ts'
import { KNOWN_FILES, OPTION_FILES } from './protobuf-known-files.ts'
import type { ReferencedSchema } from '../registry/registry-converter.ts'

/** A .proto file with what it imports, its types resolved. */
interface ProtobufTypes {
  /**
   * Message at the indexes a record names: of the file's messages, of that one's messages … Throws DataError.
   */
  at(indexes: readonly number[]): protobuf.Type
  /** Message by its full name, and where it is. Throws DataError. */
  named(fullName: string): { readonly type: protobuf.Type; readonly indexes: readonly number[] }
}

/** Full name without the dot in front. */
export const typeName = (type: protobuf.ReflectionObject): string => type.fullName.slice(1)

/** Throws DataError when the text is no .proto file, or imports what is not known. */
export function protobufTypes(
  text: string,
  references: readonly ReferencedSchema[] = []
): ProtobufTypes {
  const root = new protobuf.Root()
  const named = new Map(references.map(({ name, schema }) => [name, schema]))
  try {
    const { package: space, imports = [], weakImports = [] } = parse(text, root)
    const scope = space === undefined ? root : root.lookup(space)
    // Before the imports, which may be in the same package.
    const messages = scope instanceof protobuf.Namespace ? messagesOf(scope) : []
    addImports([...imports, ...weakImports], root, named, new Set())
    root.resolveAll()
    return { at: (indexes) => messageAt(messages, indexes), named: (name) => find(messages, name) }
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`The Protobuf schema is invalid: ${asError(error).message}`, {
      cause: error
    })
  }
}

const parse = (text: string, root: protobuf.Root): protobuf.IParserResult =>
  protobuf.parse(text, root, { keepCase: true })

function addImports(
  imports: readonly string[],
  root: protobuf.Root,
  references: ReadonlyMap<string, string>,
  seen: Set<string>
): void {
  for (const name of imports) {
    if (seen.has(name)) continue
    seen.add(name)
    if (OPTION_FILES.has(name)) continue
    const text = references.get(name) ?? KNOWN_FILES.get(name)?.text
    if (text !== undefined) {
      const { imports: inner = [], weakImports = [] } = parse(text, root)
      addImports([...inner, ...weakImports], root, references, seen)
      continue
    }
    const bundled = protobuf.common.get(name)
    if (bundled === null) {
      throw new DataError(`The Protobuf schema imports ${name}, which is not known`)
    }
    root.addJSON(bundled.nested ?? {})
  }
}

/** The messages of a file or message, in the order they are declared. */
function messagesOf(scope: protobuf.Namespace): protobuf.Type[] {
  const found: protobuf.Type[] = []
  for (const nested of scope.nestedArray) if (nested instanceof protobuf.Type) found.push(nested)
  return found
}

function messageAt(messages: readonly protobuf.Type[], indexes: readonly number[]): protobuf.Type {
  const [first = 0, ...rest] = indexes
  let type = messages[first]
  for (const index of rest) type = type === undefined ? type : messagesOf(type)[index]
  if (type === undefined) {
    throw new DataError(`The Protobuf schema has no message at [${indexes.join(', ')}]`)
  }
  return type
}

function find(
  messages: readonly protobuf.Type[],
  fullName: string
): { type: protobuf.Type; indexes: number[] } {
  const found = search(messages, fullName)
  if (found === null) throw new DataError(`The schema in the registry has no message ${fullName}`)
  return found
}

function search(
  messages: readonly protobuf.Type[],
  fullName: string
): { type: protobuf.Type; indexes: number[] } | null {
  for (const [index, type] of messages.entries()) {
    if (typeName(type) === fullName) return { type, indexes: [index] }
    const inner = fullName.startsWith(`${typeName(type)}.`)
      ? search(messagesOf(type), fullName)
      : null
    if (inner !== null) return { type: inner.type, indexes: [index, ...inner.indexes] }
  }
  return null
}
