import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'
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

  /**
   * The real path, null when it may not be read. Of one that is not there, or hidden from this user: where it
   * would be, so that whoever reads it says what is wrong with it.
   */
  allowed(path: string): string | null {
    const real = whereItWouldBe(resolve(path))
    if (this.#roots === null) return real
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
    // Missing, or hidden from this user.
    return null
  }
}

/** I7: as much of an absolute path as is there is followed, for a link in it may lead anywhere. */
function whereItWouldBe(path: string): string {
  const real = realPath(path)
  if (real !== null || dirname(path) === path) return real ?? path
  return join(whereItWouldBe(dirname(path)), basename(path))
}
