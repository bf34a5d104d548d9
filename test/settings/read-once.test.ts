import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import type { ConfigDef } from '../../src/config/config-def.ts'
import {
  clientDefinitions,
  clientKinds,
  effectOf
} from '../../src/settings/clients/client-definitions.ts'
import {
  commonConnectorConfig,
  sinkConnectorConfig,
  sourceConnectorConfig
} from '../../src/settings/connector/connector-config.ts'
import { distributedConfig, standaloneConfig } from '../../src/settings/worker/worker-config.ts'

const src = join(import.meta.dirname, '..', '..', 'src')
const sources = globSync('**/*.ts', { cwd: src })
  .map((file) => ({
    path: file.split(sep).join('/'),
    text: readFileSync(join(src, file), 'utf8')
  }))
  .sort((one, other) => (one.path < other.path ? -1 : 1))

/** Where each of the worker's definitions is documented. */
const places: readonly (readonly [string, ConfigDef])[] = [
  ['a distributed worker', distributedConfig],
  ['a standalone worker', standaloneConfig],
  ['every connector', commonConnectorConfig],
  ['a source connector', sourceConnectorConfig]
]
const ofSettings = [
  ...places.map(([, definition]) => definition),
  sinkConnectorConfig,
  ...Object.values(clientDefinitions)
]
const ofPlugins = builtinPlugins().map(({ config }) => config)

const keysOf = (definitions: readonly ConfigDef[]): ReadonlySet<string> =>
  new Set(definitions.flatMap((definition) => Object.keys(definition)))

/** Takes a text out of a map. */
const FROM_MAP = /([\w)\]]+)(?:\?\.|\.)(?:get|has)\(\s*'([\w.]+)'/g
/** Takes something by a string out of an object. */
const BY_STRING = /(\w+)\['([\w.]+)'\]/g
/** What typed values are called. */
const TYPED = /^(?:values|ssl|parsed)$/
/** What validation has checked, by key. */
const CHECKED = 'checked'

/** `file:line: key` of what an expression finds in these files. */
function found(
  expression: RegExp,
  of: (path: string) => boolean,
  wrong: (object: string, key: string) => boolean
): string[] {
  return sources
    .filter(({ path }) => of(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(expression)]
        .filter(([, object = '', key = '']) => wrong(object, key))
        .map(({ 2: key, index }) => `${path}:${text.slice(0, index).split('\n').length}: ${key}`)
    )
}

const PLUGINS = /^(?:connectors|converters|transforms)\//

describe('Text', () => {
  it('is parsed once: behind settings/, and validation/ that judges it, no setting is read as text', () => {
    const keys = keysOf(ofSettings)
    const elsewhere = (path: string): boolean =>
      !/^(?:settings|validation)\//.test(path) && !PLUGINS.test(path)
    // What much else has, too: a name, and in requests topics.
    const isSetting = (object: string, key: string): boolean =>
      key === 'name' || key === 'topics' ? /config/i.test(object) : keys.has(key)
    assert.deepEqual(found(FROM_MAP, elsewhere, isSetting), [])
    const untyped = (object: string, key: string): boolean =>
      isSetting(object, key) && !TYPED.test(object)
    assert.deepEqual(found(BY_STRING, elsewhere, untyped), [])
  })

  it('of plugins is parsed once: their settings are read as text where they are defined, alone', () => {
    const keys = keysOf(ofPlugins)
    const defining = new Set(
      sources.filter(({ text }) => /\bconfigDef\(/.test(text)).map(({ path }) => path)
    )
    const elsewhere = (path: string): boolean =>
      PLUGINS.test(path) && !path.startsWith('connectors/jdbc/settings/') && !defining.has(path)
    const isSetting = (object: string, key: string): boolean => keys.has(key) && object !== CHECKED
    assert.deepEqual(found(FROM_MAP, elsewhere, isSetting), [])
  })
})

/** Ways in which code takes the value of a setting by its name, rather than defining or mentioning it. */
const TAKES = [
  /\['([\w.]+)'\]/g,
  /'([\w.]+)': \w+(?=[ ,\n])/g,
  /\b(?:const|let) \w+ = '([\w.]+)'/g,
  /\.get\('([\w.]+)'\)/g,
  // A name of one word, as a property or taken apart.
  /\.(\w+)\b/g,
  /[{,] (\w+)(?=[,:]| \})/g
]
/** The same with a name that is put together, of which the end is known: `.storage.topic`. */
const TAKES_BY_END = /(?:\[|= )`\$\{\w+\}(\.[\w.]+)`/g

/** Whether these sources take the value of a setting. */
function takers(of: readonly { readonly text: string }[]): (name: string) => boolean {
  const all = (expression: RegExp): string[] =>
    of.flatMap(({ text }) => [...text.matchAll(expression)].map(([, name = '']) => name))
  const names = new Set(TAKES.flatMap(all))
  const ends = all(TAKES_BY_END)
  return (name) => names.has(name) || ends.some((end) => name.endsWith(end))
}

describe('A documented setting', () => {
  const taken = takers(sources)
  const judged = sources.filter(({ path }) => path.startsWith('validation/'))

  for (const [place, definition] of places) {
    it(`of ${place} is read by something, or marked to have no effect there`, () => {
      const idle = Object.entries(definition).filter(
        ([name, key]) =>
          key.noEffect === undefined &&
          !taken(name) &&
          !judged.some(({ text }) => text.includes(`'${name}'`)) &&
          !clientKinds.some((kind) => effectOf(kind, name) === 'acts')
      )
      assert.deepEqual(
        idle.map(([name]) => name),
        []
      )
    })
  }

  it('of a plugin is read by something, allows one value alone, or is marked to have no effect', () => {
    const takenByPlugins = takers(sources.filter(({ path }) => PLUGINS.test(path)))
    const takenForTls = takers(sources.filter(({ path }) => path.startsWith('tls/')))
    // The worker sets it, whatever was given.
    const SET = 'converter.type'
    const idle = builtinPlugins().flatMap(({ className, config }) =>
      Object.entries(config)
        .filter(
          ([name, key]) =>
            key.noEffect === undefined &&
            key.check === undefined &&
            key.oneOf?.length !== 1 &&
            name !== SET &&
            !takenByPlugins(name) &&
            !takenForTls(name.replace(/^schema\.registry\.(?=ssl\.)/, ''))
        )
        .map(([name]) => `${className}: ${name}`)
    )
    assert.deepEqual(idle, [])
  })
})
