import { decodeSubscription } from './consumer-protocol.ts'

/**
 * Stands at the end of the user data of this worker's consumers, where no assignor of Java's clients looks:
 * their sinks know nothing of positions in a database, and whoever keeps some there has to know who shares
 * the group with it.
 */
const MARK = Buffer.from('knode:1')
/**
 * Stands before the mark where an assignor has no user data: `cooperative-sticky` takes the first four bytes
 * for a generation, and so for none.
 */
const NO_GENERATION = Buffer.from([0xff, 0xff, 0xff, 0xff])

export function marked(userData: Uint8Array | null): Uint8Array {
  return Buffer.concat([userData ?? NO_GENERATION, MARK])
}

/**
 * Whether a member is of this kind, by what the coordinator shows of it; null: it shows nothing, as while
 * its group shares out anew.
 */
export function isMarked(metadata: Uint8Array): boolean | null {
  if (metadata.length === 0) return null
  const userData = userDataOf(metadata)
  return userData !== null && Buffer.from(userData).subarray(-MARK.length).equals(MARK)
}

function userDataOf(metadata: Uint8Array): Uint8Array | null {
  try {
    return decodeSubscription(metadata).userData
  } catch {
    // Other clients may say there what they like.
    return null
  }
}
