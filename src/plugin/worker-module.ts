import { registerHooks } from 'node:module'
import { extname } from 'node:path'

/** What code of plugins imports, wherever it is installed. */
const PLUGIN_MODULE = 'kafka-connect-node/plugin'

/** The worker's own module behind that name, as source or compiled. */
const own = new URL(`./index${extname(import.meta.url)}`, import.meta.url).href

let registered = false

/**
 * From now on `kafka-connect-node/plugin` is the worker's own module for every importer, also where another
 * copy of the package is installed: errors, schemas and structs are compared by identity, and a second copy
 * of their classes would be foreign to the worker.
 */
export function shareWorkerModule(): void {
  if (registered) return
  registered = true
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === PLUGIN_MODULE
        ? { url: own, shortCircuit: true }
        : nextResolve(specifier, context)
  })
}
