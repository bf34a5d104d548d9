import { errorClassOf, type WriteSession } from './writing.ts'

/**
 * Does the work in a transaction of its own and commits it. Errors are those of `work` and of the session,
 * which has rolled back then, or is gone. `onDoubt`: nobody knows whether it was committed.
 */
export async function inTransaction<T>(
  session: WriteSession,
  work: () => Promise<T>,
  onDoubt: () => void = () => undefined
): Promise<T> {
  let isCommitting = false
  try {
    await session.begin()
    const answer = await work()
    isCommitting = true
    await session.commit()
    return answer
  } catch (error) {
    // A session that is gone has rolled back, unless it had come to commit.
    if (errorClassOf(error) !== 'outage') await session.rollback()
    else if (isCommitting) onDoubt()
    throw error
  }
}
