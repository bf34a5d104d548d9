import type { Logger } from '../../log.ts'

/** Never rejects: as in a JVM worker, nothing depends on it any more. */
export async function closeConversion(
  conversion: { close(): Promise<void> },
  log: Logger
): Promise<void> {
  try {
    await conversion.close()
  } catch (error) {
    log.warn('What converted the records could not be closed', { error })
  }
}
