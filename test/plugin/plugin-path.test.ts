import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { RetriableError, Schema } from '../../src/plugin/index.ts'
import { type LoadedPlugins, loadPluginPath, problemText } from '../../src/plugin/plugin-loader.ts'
import type { ConverterPlugin } from '../../src/plugin/index.ts'
import type { Plugin } from '../../src/plugin/plugins.ts'
import { until } from '../support/until.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'plugin-path-')))
after(() => rmSync(root, { recursive: true }))

let folders = 0
/** A folder with these files, by their paths in it. */
function folder(files: Readonly<Record<string, string>>): string {
  const made = join(root, String(++folders))
  mkdirSync(made)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made, path)), { recursive: true })
    writeFileSync(join(made, path), text)
  }
  return made
}

const manifest = (name: string, more: object = {}): string =>
  JSON.stringify({
    name,
    version: '2.0.0',
    type: 'module',
    kafkaConnect: { plugins: './plugins.js' },
    ...more
  })

/** Source of a descriptor: a converter, unless `more` says otherwise. */
const descriptor = (className: string, more = ''): string =>
  `{ type: 'converter', className: '${className}', version: '1.0', config: {}, create: () => ({}), ${more} }`
const exporting = (...descriptors: string[]): string =>
  `export const plugins = [${descriptors.join(', ')}]\n`

/** Files of a package below `at` that brings one converter. */
const packageAt = (at: string, className: string): Record<string, string> => ({
  [`${at}/package.json`]: manifest(at.slice(at.lastIndexOf('/') + 1)),
  [`${at}/plugins.js`]: exporting(descriptor(className))
})

const load = (
  path: readonly string[],
  more: { cwd?: string; known?: readonly Plugin[]; loadTimeoutMs?: number } = {}
): Promise<LoadedPlugins> =>
  loadPluginPath({ path, cwd: root, known: builtinPlugins(), clock: systemClock, ...more })

const names = ({ loaded, problems }: LoadedPlugins): string[] => {
  assert.deepEqual(problems, [])
  return loaded.map(({ plugin }) => plugin.className)
}

describe('the plugin path', () => {
  it('finds a package, a folder of packages, and what npm installed in a folder', async () => {
    const one = folder(packageAt('one', 'a.One'))
    const several = folder({
      ...packageAt('b', 'a.B'),
      ...packageAt('c', 'a.C'),
      'no-package/readme.txt': ''
    })
    const installed = folder({
      'package.json': '{"private": true}',
      ...packageAt('node_modules/d', 'a.D'),
      ...packageAt('node_modules/@scope/e', 'a.E'),
      'node_modules/helper/package.json': '{"name": "helper"}'
    })
    const apart = folder({
      ...packageAt('orders/node_modules/f', 'a.F'),
      ...packageAt('stock/node_modules/@scope/g', 'a.G')
    })
    assert.deepEqual(names(await load([join(one, 'one'), several, installed, apart])), [
      'a.One',
      'a.B',
      'a.C',
      'a.D',
      'a.E',
      'a.F',
      'a.G'
    ])
    assert.deepEqual(names(await load([join(installed, 'node_modules')])), ['a.E', 'a.D'])
    assert.deepEqual(names(await load([join(installed, 'node_modules', '@scope')])), ['a.E'])
  })

  it('finds packages by name where the worker was started, and relative folders', async () => {
    const cwd = folder({
      ...packageAt('node_modules/far', 'a.Far'),
      ...packageAt('node_modules/@scope/near', 'a.Near'),
      ...packageAt('mine', 'a.Mine'),
      'below/readme.txt': ''
    })
    assert.deepEqual(names(await load(['far', '@scope/near', './mine'], { cwd })), [
      'a.Far',
      'a.Near',
      'a.Mine'
    ])
    assert.deepEqual(names(await load(['far'], { cwd: join(cwd, 'below') })), ['a.Far'])
  })

  it('loads a package once, however often it is reached', async () => {
    const place = folder(packageAt('one', 'a.Once'))
    symlinkSync(join(place, 'one'), join(place, 'link'))
    assert.deepEqual(names(await load([place, join(place, 'one')])), ['a.Once'])
  })

  it('says which entry leads nowhere, and goes on with the others', async () => {
    const place = folder(packageAt('one', 'a.Other'))
    const { loaded, problems } = await load(['/no/such/folder', 'no-such-package', place])
    assert.deepEqual(
      problems.map(({ what }) => what),
      ['/no/such/folder', 'no-such-package']
    )
    assert.equal(loaded.length, 1)
  })

  it('passes over a folder with Java plugins', async () => {
    const place = folder({ 'connector/lib/connector.jar': 'PK', 'readme.txt': '' })
    assert.deepEqual(await load([place]), { loaded: [], problems: [] })
  })

  it('tells where a plugin came from', async () => {
    const place = folder(packageAt('one', 'a.Located'))
    const { loaded } = await load([place])
    assert.equal(loaded[0]?.location, `file://${place}/one/`)
  })
})

describe('a plugin', () => {
  it('has the dependencies of its own folder, not those of another plugin', async () => {
    const withHelper = (name: string, version: string): Record<string, string> => ({
      [`${name}/package.json`]: manifest(name),
      [`${name}/plugins.js`]: `import { version } from 'helper'\nexport const plugins = { ...${descriptor(`a.${name}`)}, version }\n`,
      [`${name}/node_modules/helper/package.json`]: `{"name": "helper", "version": "${version}", "main": "index.js"}`,
      [`${name}/node_modules/helper/index.js`]: `exports.version = '${version}'\n`
    })
    const place = folder({
      ...withHelper('First', '1.1.1'),
      ...withHelper('Second', '2.2.2'),
      'Third/package.json': manifest('Third'),
      'Third/plugins.js': `import 'helper'\n${exporting(descriptor('a.Third'))}`
    })
    const { loaded, problems } = await load([place])
    assert.deepEqual(
      loaded.map(({ plugin }) => `${plugin.className} ${plugin.version}`),
      ['a.First 1.1.1', 'a.Second 2.2.2']
    )
    assert.match(problems[0]?.reason ?? '', /Cannot find package 'helper'/)
  })

  it("gets the worker's own classes, also when it brings another copy of the package", async () => {
    const body = `
      const converter = {
        fromConnectData() { throw new RetriableError('later') },
        toConnectData: () => ({ schema: Schema.STRING, value: null })
      }\n`
    const own = 'create: () => converter'
    const place = folder({
      'module/package.json': manifest('module'),
      'module/plugins.js': `import { RetriableError, Schema } from 'kafka-connect-node/plugin'\n${body}${exporting(descriptor('a.Module', own))}`,
      'module/node_modules/kafka-connect-node/package.json':
        '{"name": "kafka-connect-node", "exports": {"./plugin": "./plugin.js"}}',
      'module/node_modules/kafka-connect-node/plugin.js': "throw new Error('another copy')\n",
      'common/package.json': manifest('common', { type: 'commonjs' }),
      'common/plugins.js': `const { RetriableError, Schema } = require('kafka-connect-node/plugin')\n${body}module.exports = { plugins: [${descriptor('a.Common', own)}] }\n`
    })
    const { loaded, problems } = await load([place])
    assert.deepEqual(problems, [])
    assert.equal(loaded.length, 2)
    for (const { plugin } of loaded) {
      const converter = (plugin as ConverterPlugin).create(new Map(), 'value')
      assert.throws(() => converter.fromConnectData('t', null, null), RetriableError)
      const { schema } = converter.toConnectData('t', null) as { schema: Schema }
      assert.equal(schema, Schema.STRING)
    }
  })

  it('may be TypeScript outside of node_modules, and is refused there', async () => {
    const files = (at: string): Record<string, string> => ({
      [`${at}/package.json`]: manifest('typed', { kafkaConnect: { plugins: ['./plugins.ts'] } }),
      [`${at}/plugins.ts`]: `import type { ConverterPlugin } from 'kafka-connect-node/plugin'\nconst one = ${descriptor('a.Typed')} as unknown as ConverterPlugin\nexport const plugins: ConverterPlugin[] = [one]\n`
    })
    const place = folder(files('typed'))
    assert.deepEqual(names(await load([place])), ['a.Typed'])
    const { problems } = await load([folder(files('node_modules/typed'))])
    assert.match(problems[0]?.reason ?? '', /Stripping types is currently unsupported/)
  })
})

describe('a broken plugin', () => {
  const good = exporting(descriptor('a.Good'))
  const cases: readonly {
    what: string
    files: Readonly<Record<string, string>>
    reason: RegExp
  }[] = [
    {
      what: 'throws while it is loaded',
      files: { 'package.json': manifest('x'), 'plugins.js': "throw new Error('no licence')" },
      reason: /no licence$/
    },
    {
      what: 'cannot be parsed',
      files: { 'package.json': manifest('x'), 'plugins.js': 'export const plugins = [' },
      reason: /Unexpected/
    },
    {
      what: 'has a package.json that cannot be parsed',
      files: { 'package.json': '{"kafkaConnect": ' },
      reason: /JSON/
    },
    {
      what: 'names no module',
      files: { 'package.json': manifest('x', { kafkaConnect: {} }) },
      reason: /"kafkaConnect" must be/
    },
    {
      what: 'names nothing but null',
      files: { 'package.json': manifest('x', { kafkaConnect: null }) },
      reason: /"kafkaConnect" must be/
    },
    {
      what: 'names a module that is not there',
      files: { 'package.json': manifest('x') },
      reason: /names \.\/plugins\.js, which is not there/
    },
    {
      what: 'names a module outside of its package',
      files: {
        'package.json': manifest('x', { kafkaConnect: { plugins: '../outside.js' } }),
        '../outside.js': good
      },
      reason: /which is outside the package/
    },
    {
      what: 'exports nothing of that name',
      files: { 'package.json': manifest('x'), 'plugins.js': 'export const plugin = []' },
      reason: /it exports no `plugins`/
    },
    ...(
      [
        ['exports no descriptor', "'text'", /it is no descriptor but of type string/],
        [
          'has an unknown type',
          "{ type: 'sorce' }",
          /its type is 'sorce', which is none of source/
        ],
        ['has no class name', "{ type: 'sink' }", /its className is of type undefined/],
        ['has a class name with a blank', descriptor('a b'), /'a b', which is no class name/],
        ['has no version', descriptor('a.X', 'version: undefined'), /a\.X: it has no version/],
        ['cannot be made', descriptor('a.X', 'create: 1'), /a\.X: create is no function/],
        ['has no tasks', descriptor('a.X', "type: 'source'"), /a\.X: taskClassName is no string/],
        ['has no definition', descriptor('a.X', 'config: []'), /a\.X: its config is no definition/],
        [
          'defines a key of an unknown type',
          descriptor('a.X', "config: { k: { type: 'text', importance: 'low', doc: '' } }"),
          /a\.X: the type of k is 'text'/
        ],
        [
          'defines a key without importance',
          descriptor('a.X', "config: { k: { type: 'int', doc: '' } }"),
          /a\.X: the importance of k is of type undefined/
        ],
        [
          'is called like one the worker brings',
          descriptor('org.apache.kafka.connect.json.JsonConverter'),
          /this worker brings a converter of that name itself/
        ]
      ] as const
    ).map(([what, source, reason]) => ({
      what,
      files: { 'package.json': manifest('x'), 'plugins.js': exporting(source) },
      reason
    }))
  ]
  for (const { what, files, reason } of cases) {
    it(`that ${what} is reported and skipped; others load (I9)`, async () => {
      const place = folder({
        ...Object.fromEntries(
          Object.entries(files).map(([path, text]) => [`broken/${path}`, text])
        ),
        ...packageAt('good', 'a.Good')
      })
      const result = await load([place])
      assert.deepEqual(
        result.loaded.map(({ plugin }) => plugin.className),
        ['a.Good']
      )
      assert.equal(result.problems.length, 1)
      for (const problem of result.problems) {
        assert.match(problem.reason, reason)
        assert.match(problemText(problem), /broken/)
      }
    })
  }

  it('does not take its neighbours in the same module with it', async () => {
    const place = folder({
      'p/package.json': manifest('p'),
      'p/plugins.js': exporting('{}', descriptor('a.Kept'))
    })
    const { loaded, problems } = await load([place])
    assert.deepEqual([loaded.length, problems.length], [1, 1])
  })

  it('that has the name of one already loaded is reported with the place of that one', async () => {
    const place = folder({ ...packageAt('a', 'a.Twice'), ...packageAt('b', 'a.Twice') })
    const { loaded, problems } = await load([place])
    assert.equal(loaded.length, 1)
    assert.match(
      problems[0]?.reason ?? '',
      /a\.Twice: there is a converter of that name in .*\/a\/ already/
    )
  })

  it('I8: that never finishes loading is given up', async () => {
    const place = folder({
      'p/package.json': manifest('p'),
      'p/plugins.js': `await new Promise((resolve) => { globalThis.endOfLoading = resolve })\n${exporting(descriptor('a.Late'))}`
    })
    const { loaded, problems } = await load([place], { loadTimeoutMs: 50 })
    const { endOfLoading } = globalThis as { endOfLoading?: () => void }
    endOfLoading?.()
    assert.equal(loaded.length, 0)
    assert.match(problems[0]?.reason ?? '', /it was not loaded within 50 ms/)
    await until(() => endOfLoading !== undefined, 'the module began to load')
  })
})
