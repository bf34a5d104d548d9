import { realpathSync } from 'node:fs'
import { isAbsolute, sep } from 'node:path'
import { ConfigError } from '../errors.ts'

/**
 * The files `allowed.paths` lets a provider read: everything when nothing is set. Paths are compared after
 * every link and `..` in them is followed, so that a link inside an allowed folder does not lead out of it.
 */
export class AllowedPaths {
  readonly #roots: readonly string[] | null

  /** `setting`: absolute paths of existing files or folders. Throws ConfigError. */
  constructor(setting: readonly string[]) {
    const paths = setting.filter((path) => path !== '')
    this.#roots =
      paths.length === 0
        ? null
        : paths.map((path) => {
            if (!isAbsolute(path)) throw new ConfigError(`Path ${path} is not absolute`)
            const real = realPath(path)
            if (real === null) throw new ConfigError(`Path ${path} does not exist`)
            return real
          })
  }

  /** The real path, null when it may not be read or is not there: both look the same from outside. */
  allowed(path: string): string | null {
    const real = realPath(path)
    if (real === null || this.#roots === null) return real
    const inside = this.#roots.some(
      (root) => real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)
    )
    return inside ? real : null
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    // Missing, or hidden from this user: for a provider there is nothing to read either way.
    return null
  }
}
