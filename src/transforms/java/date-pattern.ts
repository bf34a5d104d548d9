import { ConfigError } from '../../errors.ts'

/** A part of a pattern: text that stands for itself, or a letter and how often it stands there. */
export type PatternPart =
  | { readonly text: string }
  | { readonly letter: string; readonly count: number }

const LETTERS = 'GyMdkHmsSEDFwWahKzZYuXL'

/**
 * Takes a pattern of `java.text.SimpleDateFormat` apart. Text stands between single quotes, two of them mean
 * one. Throws ConfigError naming the letter that has no meaning there.
 */
export function datePattern(pattern: string): PatternPart[] {
  const parts: PatternPart[] = []
  let text = ''
  const endText = (): void => {
    if (text !== '') parts.push({ text })
    text = ''
  }
  let quoted = false
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] as string
    if (char === "'") {
      const twice = pattern[at + 1] === "'"
      if (twice) text += "'"
      else quoted = !quoted
      at += twice ? 2 : 1
    } else if (quoted || !/[a-zA-Z]/.test(char)) {
      text += char
      at++
    } else {
      endText()
      let end = at
      while (pattern[end] === char) end++
      parts.push(letterPart(char, end - at))
      at = end
    }
  }
  if (quoted) throw new ConfigError('Unterminated quote')
  endText()
  return parts
}

function letterPart(letter: string, count: number): PatternPart {
  if (!LETTERS.includes(letter)) throw new ConfigError(`Illegal pattern character '${letter}'`)
  if (letter === 'X' && count > 3) {
    throw new ConfigError(`invalid ISO 8601 format: length=${count}`)
  }
  return { letter, count }
}
