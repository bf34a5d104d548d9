import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** What a worker answered to one question. */
export interface ValidateAnswer {
  readonly status: number
  readonly body: unknown
}

interface Entry {
  readonly definition: { readonly name: string } | null
  readonly value: { readonly name: string } | null
}
interface Infos {
  readonly configs: readonly Entry[]
}

export const goldenFolder = join(import.meta.dirname, 'golden', 'validate')

const nameOf = ({ definition, value }: Entry): string => definition?.name ?? value?.name ?? ''
const isInfos = (body: unknown): body is Infos =>
  typeof body === 'object' && body !== null && 'configs' in body

function read(name: string): ValidateAnswer {
  return JSON.parse(readFileSync(join(goldenFolder, `${name}.json`), 'utf8')) as ValidateAnswer
}

/** The answer to the plain, correct question of the same kind: the others are kept as differences from it. */
function plainEntries(name: string): Map<string, Entry> {
  const kind = name.startsWith('sink-') ? 'sink' : 'source'
  const { body } = read(`${kind}-good`)
  return new Map(isInfos(body) ? body.configs.map((entry) => [nameOf(entry), entry]) : [])
}

const isPlain = (name: string): boolean => name === 'source-good' || name === 'sink-good'

/** As text for the golden file: an entry like the one of the plain question is its name alone. */
export function goldenText(name: string, answer: ValidateAnswer): string {
  const { body } = answer
  if (!isInfos(body)) return `${JSON.stringify(answer, null, 1)}\n`
  const plain = isPlain(name) ? new Map<string, Entry>() : plainEntries(name)
  const configs = body.configs.map((entry) =>
    isDeepStrictEqual(plain.get(nameOf(entry)), entry) ? nameOf(entry) : entry
  )
  const lines = configs.map((entry) => `   ${JSON.stringify(entry)}`).join(',\n')
  const { configs: _, ...rest } = body
  return `{"status": ${answer.status}, "body": ${JSON.stringify(rest).slice(0, -1)}, "configs": [\n${lines}\n]}}\n`
}

/** The answer of the JVM worker. */
export function goldenAnswer(name: string): ValidateAnswer {
  const answer = read(name)
  const { body } = answer
  if (!isInfos(body) || isPlain(name)) return answer
  const plain = plainEntries(name)
  const configs = body.configs.map((entry: Entry | string) =>
    typeof entry === 'string' ? plain.get(entry) : entry
  )
  return { ...answer, body: { ...body, configs } }
}
