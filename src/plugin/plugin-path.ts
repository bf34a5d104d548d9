import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { messageOf } from '../errors.ts'

/**
 * Field of `package.json` that makes an npm package one with plugins: `{"plugins": "./plugins.js"}`, or a
 * list of modules.
 */
const MANIFEST = 'kafkaConnect'

/** An npm package with a manifest. */
export interface PluginPackage {
  /** Real path of its folder. */
  readonly folder: string
  /** `name@version`, as far as its `package.json` says. */
  readonly name: string
  /** Real paths of the modules that export `plugins`. */
  readonly modules: readonly string[]
}

/** Something on the plugin path that cannot be used, and why. */
export interface PluginProblem {
  /** The entry, package, module or class. */
  readonly what: string
  readonly reason: string
}

interface FoundPackages {
  readonly packages: readonly PluginPackage[]
  readonly problems: readonly PluginProblem[]
}

/**
 * The packages that the entries of `plugin.path` lead to, in order, each once. An entry is a folder (relative
 * ones are relative to `cwd`): a package itself, or a folder whose packages are its children, in its
 * `node_modules`, or in the `node_modules` of its children; or else the name of an npm package that is
 * installed where the worker was started. Never throws.
 */
export function findPluginPackages(entries: readonly string[], cwd: string): FoundPackages {
  const packages = new Map<string, PluginPackage>()
  const problems: PluginProblem[] = []
  for (const entry of entries) {
    const folder = folderOf(entry, cwd)
    if (folder === null) {
      problems.push({
        what: entry,
        reason: `there is no such folder and no such package in ${cwd}`
      })
      continue
    }
    for (const candidate of candidates(folder)) {
      try {
        const found = readPackage(candidate)
        if (found !== null) packages.set(found.folder, found)
      } catch (error) {
        problems.push({ what: candidate, reason: messageOf(error) })
      }
    }
  }
  return { packages: [...packages.values()], problems }
}

function folderOf(entry: string, cwd: string): string | null {
  const folder = resolve(cwd, entry)
  if (isFolder(folder)) return folder
  if (isAbsolute(entry) || entry.startsWith('.')) return null
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const installed = join(at, 'node_modules', entry)
    if (isFolder(installed)) return installed
    if (dirname(at) === at) return null
  }
}

/** Folders that may be packages with a manifest. */
function candidates(folder: string): string[] {
  if (hasManifest(folder)) return [folder]
  const found = [...installed(folder)]
  for (const child of children(folder)) {
    if (hasManifest(child)) found.push(child)
    else found.push(...installed(child))
  }
  return found
}

/**
 * The packages in the `node_modules` of a folder, or, of a scope such as `@example`, in the folder itself.
 */
function installed(folder: string): string[] {
  const inner = join(folder, 'node_modules')
  const isScope = folder.slice(folder.lastIndexOf(sep) + 1).startsWith('@')
  const places = isScope ? [folder] : [inner]
  if (!isScope && isFolder(inner)) {
    places.push(...children(inner).filter((child) => relative(inner, child).startsWith('@')))
  }
  return places.flatMap(children).filter(hasManifest)
}

function children(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name !== 'node_modules' && !name.startsWith('.'))
      .sort()
      .map((name) => join(folder, name))
      .filter(isFolder)
  } catch {
    // Not there, or hidden from this user: nothing to find either way.
    return []
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    // Hidden from this user, or a link that leads to itself.
    return false
  }
}

/** Whether a `package.json` speaks of plugins, also when it is broken: then reading it says so. */
function hasManifest(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'package.json'), 'utf8').includes(`"${MANIFEST}"`)
  } catch {
    // No package.
    return false
  }
}

/** Null for a package in which the word stands elsewhere. Throws with what is wrong with the manifest. */
function readPackage(given: string): PluginPackage | null {
  const folder = realpathSync(given)
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  if (!Object.hasOwn(json, MANIFEST)) return null
  const manifest = json[MANIFEST] as { plugins?: unknown } | null
  const listed = Array.isArray(manifest?.plugins) ? manifest.plugins : [manifest?.plugins]
  if (listed.length === 0 || !listed.every((module) => typeof module === 'string')) {
    throw new Error(`"${MANIFEST}" must be {"plugins": "./module.js"} or name several in an array`)
  }
  const name = [json['name'], json['version']].filter((part) => typeof part === 'string').join('@')
  return { folder, name, modules: listed.map((module) => moduleFile(folder, module)) }
}

function moduleFile(folder: string, module: string): string {
  let file: string
  try {
    file = realpathSync(resolve(folder, module))
  } catch (cause) {
    throw new Error(`"${MANIFEST}" names ${module}, which is not there`, { cause })
  }
  if (!file.startsWith(folder + sep)) {
    throw new Error(`"${MANIFEST}" names ${module}, which is outside the package`)
  }
  return file
}
