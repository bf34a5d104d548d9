import { inRange, rangeText } from '../config/version-range.ts'
import { ConfigError } from '../errors.ts'

/** Asks for the newest version there is, as no version does. */
const LATEST = 'latest'

/**
 * What is wrong with a version or range asked for (KIP-891), null when a plugin of the class lies in it or
 * none is asked for.
 */
export function versionProblem(
  className: string,
  available: readonly { readonly version: string }[],
  range: string | null | undefined
): string | null {
  if (range === undefined || range === null || range === LATEST) return null
  try {
    if (available.some((plugin) => inRange(plugin.version, range))) return null
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return `Plugin ${className} not found that matches the version range ${rangeText(range)}, available versions: [${available.map((plugin) => plugin.version).join(', ')}]`
}
