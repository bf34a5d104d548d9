/** What no name of a topic may hold. */
export const ILLEGAL_IN_TOPIC = /[^a-zA-Z0-9._-]/g
export const LONGEST_TOPIC = 249

/** Why Kafka does not take a topic of that name; null when it does. */
export function topicNameProblem(name: string): string | null {
  const said = (why: string): string => `Kafka takes no topic named '${name}': ${why}`
  if (name === '') return said('it is empty')
  if (name === '.' || name === '..') return said('it is reserved')
  if (name.length > LONGEST_TOPIC) {
    return said(`it has ${name.length} characters, ${LONGEST_TOPIC} are the most`)
  }
  const illegal = [...new Set(name.match(new RegExp(ILLEGAL_IN_TOPIC, 'gu')) ?? [])]
  if (illegal.length === 0) return null
  return said(
    `only letters, digits, '.', '_' and '-' are allowed, not ${illegal.map((each) => `'${each}'`).join(', ')}`
  )
}
