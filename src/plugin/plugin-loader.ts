import { pathToFileURL } from 'node:url'
import type { Clock } from '../clock.ts'
import { ConnectError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { findPluginPackages, type PluginPackage, type PluginProblem } from './plugin-path.ts'
import { checkedDescriptor } from './plugin-shape.ts'
import type { Plugin } from './plugins.ts'
import { shareWorkerModule } from './worker-module.ts'
import { within } from '../wait.ts'

/** A module that waits for something while it is loaded must not keep the worker from starting (I8). */
const LOAD_TIMEOUT_MS = 30_000

interface PluginPathOptions {
  /** Entries of `plugin.path`. */
  readonly path: readonly string[]
  /** What relative entries are relative to, and where named packages are looked for. */
  readonly cwd: string
  /** Plugins that are there already. */
  readonly known: readonly Plugin[]
  readonly loadTimeoutMs?: number
  readonly clock: Clock
}

/** A plugin and where it came from. */
interface LoadedPlugin {
  readonly plugin: Plugin
  /** URL of its package's folder. */
  readonly location: string
}

export interface LoadedPlugins {
  readonly loaded: readonly LoadedPlugin[]
  readonly problems: readonly PluginProblem[]
}

/**
 * Loads what stands on the plugin path. Each module is imported from its own folder, so that it finds its own
 * dependencies and not those of another plugin. What is broken becomes a problem, and everything else loads
 * (I9). Never rejects.
 */
export async function loadPluginPath(options: PluginPathOptions): Promise<LoadedPlugins> {
  const { packages, problems: unusable } = findPluginPackages(options.path, options.cwd)
  const problems = [...unusable]
  const loaded: LoadedPlugin[] = []
  if (packages.length > 0) shareWorkerModule()
  for (const { module, owner } of packages.flatMap(modulesOf)) {
    const what = `${owner.name} (${module})`
    try {
      for (const exported of await exportedPlugins(module, options)) {
        const plugin = checkedDescriptor(exported)
        const taken = typeof plugin === 'string' ? null : takenBy(plugin, options.known, loaded)
        if (typeof plugin === 'string') problems.push({ what, reason: plugin })
        else if (taken !== null) problems.push({ what, reason: taken })
        else loaded.push({ plugin, location: `${pathToFileURL(owner.folder).href}/` })
      }
    } catch (error) {
      problems.push({ what, reason: messageOf(error) })
    }
  }
  return { loaded, problems }
}

function modulesOf(owner: PluginPackage): { module: string; owner: PluginPackage }[] {
  return owner.modules.map((module) => ({ module, owner }))
}

/**
 * What a module exports as `plugins`: one descriptor or an array of them. Rejects when it cannot be loaded.
 */
async function exportedPlugins(
  module: string,
  { clock, loadTimeoutMs: timeoutMs = LOAD_TIMEOUT_MS }: PluginPathOptions
): Promise<readonly unknown[]> {
  const loading = import(pathToFileURL(module).href) as Promise<Record<string, unknown>>
  const namespace = await within(
    clock,
    loading,
    timeoutMs,
    () => new ConnectError('INTERNAL', `it was not loaded within ${timeoutMs} ms`)
  )
  // A CommonJS module whose exports Node cannot tell beforehand has them behind `default` only.
  const exported =
    namespace['plugins'] ?? (namespace['default'] as Record<string, unknown> | undefined)?.plugins
  if (exported === undefined) {
    throw new ConnectError('INTERNAL', 'it exports no `plugins`')
  }
  return Array.isArray(exported) ? (exported as unknown[]) : [exported]
}

function takenBy(
  { type, className }: Plugin,
  known: readonly Plugin[],
  loaded: readonly LoadedPlugin[]
): string | null {
  const same = (other: Plugin): boolean => other.type === type && other.className === className
  if (known.some(same)) return `${className}: this worker brings a ${type} of that name itself`
  const other = loaded.find(({ plugin }) => same(plugin))
  return other === undefined
    ? null
    : `${className}: there is a ${type} of that name in ${other.location} already`
}

export function loadedText({ plugin, location }: LoadedPlugin): string {
  return `Added plugin ${plugin.className} ${plugin.version} (${plugin.type}) from ${location}`
}

export function problemText({ what, reason }: PluginProblem): string {
  return `Skipped on the plugin path: ${what}: ${reason}`
}

/** Tells what was loaded and what was not, and why. */
export function logPluginPath({ loaded, problems }: LoadedPlugins, log: Logger): void {
  for (const plugin of loaded) log.info(loadedText(plugin))
  for (const problem of problems) log.error(problemText(problem))
}
