import { ConfigError } from '../../errors.ts'

interface JaasEntry {
  readonly loginModule: string
  readonly options: ReadonlyMap<string, string>
}

const token =
  /\s*(?:\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'|([^\s"';=]+)|([=;]))/y
const flags = new Set(['required', 'requisite', 'sufficient', 'optional'])
const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v'
}

/**
 * Parses the value of `sasl.jaas.config`: one login module, a control flag, `name="value"` options, a closing
 * semicolon. Throws ConfigError that tells what is wrong and never shows any part of the value (I7).
 */
export function parseJaasConfig(text: string): JaasEntry {
  const tokens = tokensOf(text)
  const loginModule = tokens[0]
  const flag = tokens[1]
  if (loginModule?.kind !== 'word') throw invalid('the login module class is missing')
  if (flag?.kind !== 'word' || !flags.has(flag.text.toLowerCase())) {
    throw invalid('a control flag such as `required` must follow the login module class')
  }
  const options = new Map<string, string>()
  let at = 2
  while (tokens[at] !== undefined && tokens[at]?.kind !== ';') {
    const [name, equals, value] = tokens.slice(at, at + 3)
    if (name?.kind !== 'word' || equals?.kind !== '=' || value?.kind !== 'word') {
      throw invalid('options must be written as name="value"')
    }
    options.set(name.text, value.text)
    at += 3
  }
  if (tokens[at]?.kind !== ';') throw invalid('the entry must end with a semicolon')
  if (tokens.length > at + 1) throw invalid('there must be only one login module')
  return { loginModule: loginModule.text, options }
}

interface Token {
  readonly kind: 'word' | '=' | ';'
  readonly text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const match = token.exec(text)
    if (match === null) throw invalid('a quote is not closed')
    const quoted = match[1] ?? match[2]
    if (quoted !== undefined) tokens.push({ kind: 'word', text: unescaped(quoted) })
    else if (match[3] !== undefined) tokens.push({ kind: 'word', text: match[3] })
    else if (match[4] !== undefined) {
      tokens.push({ kind: match[4] === '=' ? '=' : ';', text: match[4] })
    }
  }
  return tokens
}

function unescaped(quoted: string): string {
  return quoted.replace(/\\([0-3]?[0-7]{1,2}|[\s\S])/g, (_, escape: string) =>
    /^[0-7]/.test(escape)
      ? String.fromCharCode(Number.parseInt(escape, 8))
      : (escapes[escape] ?? escape)
  )
}

function invalid(reason: string): ConfigError {
  return new ConfigError(`Invalid value [hidden] for configuration sasl.jaas.config: ${reason}`)
}
