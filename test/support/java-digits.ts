import type { Schema } from '../../src/data/schema.ts'

const NUMBER = /(-?\d+\.\d+(?:E-?\d+)?)/

/**
 * Whether two texts are the same but for the digits of their doubles (or floats, by the schema), and ours has
 * the right ones. Java before 19 does not always print the fewest digits that tell a number from its
 * neighbours, nor always the nearest of so many; the JVM of the tests may be such a one. Each number has to
 * be read as the same from both texts, and ours must not be the longer one.
 */
export function differOnlyInDigits(schema: Schema | null, ours: string, jvm: string): boolean {
  const [own, other] = [ours.split(NUMBER), jvm.split(NUMBER)]
  const read = (text: string): number =>
    schema?.type === 'float32' ? Math.fround(Number(text)) : Number(text)
  return (
    own.length === other.length &&
    own.every((part, index) => {
      const theirs = other[index] as string
      if (part === theirs) return true
      const isNumber = index % 2 === 1
      return isNumber && read(part) === read(theirs) && digits(part) <= digits(theirs)
    })
  )
}

function digits(text: string): number {
  return text.replace(/E.*/, '').replace(/\.0$|\D/g, '').length
}
