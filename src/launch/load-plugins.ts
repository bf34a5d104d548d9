import { systemClock } from '../clock.ts'
import { builtinPlugins } from '../builtin-plugins.ts'
import { type ConfigMap, parseKeys } from '../config/config-def.ts'
import { loadPluginPath, type LoadedPlugins } from '../plugin/plugin-loader.ts'
import { Plugins } from '../plugin/plugins.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import { commonKeys } from '../settings/worker/common-keys.ts'

/**
 * What is shipped and what stands on the plugin path, which is read before references in the worker file are
 * replaced: the providers that replace them may be plugins. Rejects with ConfigError when the setting itself
 * is wrong, not when plugins are.
 */
export async function workerPlugins(
  properties: ConfigMap
): Promise<LoadedPlugins & { readonly plugins: Plugins }> {
  const known = builtinPlugins()
  const { 'plugin.path': path } = parseKeys(commonKeys, ['plugin.path'], properties)
  const found =
    path === null
      ? { loaded: [], problems: [] }
      : await ownedByNobody(() =>
          loadPluginPath({ path, cwd: process.cwd(), known, clock: systemClock })
        )
  const locations = new Map(found.loaded.map(({ plugin, location }) => [plugin, location]))
  return { ...found, plugins: new Plugins([...known, ...locations.keys()], locations) }
}
