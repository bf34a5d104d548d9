/** The parts of a text as Java's `String.split` gives them: empty parts at the end are left out. */
export function javaSplit(text: string, separator: string): string[] {
  const parts = text.split(separator)
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts.length === 1 && text !== '' && parts[0] === '' ? [] : parts
}
