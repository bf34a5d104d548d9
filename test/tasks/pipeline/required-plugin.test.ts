import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../../src/builtin-plugins.ts'
import { Plugins } from '../../../src/plugin/plugins.ts'
import { taskConverters } from '../../../src/tasks/pipeline/converters.ts'
import { transformations } from '../../../src/tasks/pipeline/transformations.ts'

const plugins = new Plugins(builtinPlugins())
const STRING = 'org.apache.kafka.connect.storage.StringConverter'
const config = (settings: Record<string, string>) => new Map(Object.entries(settings))
const worker = (more: Record<string, string> = {}) =>
  config({ 'key.converter': STRING, 'value.converter': STRING, ...more })
const part = (settings: Record<string, string>) =>
  config({
    transforms: 'x',
    'transforms.x.type': 'org.apache.kafka.connect.transforms.Filter',
    'transforms.x.predicate': 'p',
    predicates: 'p',
    'predicates.p.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
    ...settings
  })
const misfit = (name: string): RegExp =>
  new RegExp(
    `^Plugin .*\\.${name} not found that matches the version range \\[99\\.0,\\), available versions: \\[`
  )

describe('classes that a task is made of', () => {
  for (const key of ['key.converter', 'value.converter', 'header.converter']) {
    it(`have the version that ${key}.plugin.version of the worker asks for`, () => {
      const asked = (range: string) => worker({ [`${key}.plugin.version`]: range })
      const name = key === 'header.converter' ? 'SimpleHeaderConverter' : 'StringConverter'
      taskConverters(config({}), asked('[1.0,)'), plugins)
      assert.throws(() => taskConverters(config({}), asked('[99.0,)'), plugins), {
        code: 'CONFIG_INVALID',
        message: misfit(name)
      })
    })
  }

  it('have the version the connector asks for beside a converter of its own', () => {
    const own = { 'value.converter': STRING, 'value.converter.plugin.version': '[99.0,)' }
    assert.throws(() => taskConverters(config(own), worker(), plugins), {
      message: misfit('StringConverter')
    })
    // Beside a converter of the worker's a version of the connector's asks for nothing.
    taskConverters(config({ 'value.converter.plugin.version': '[99.0,)' }), worker(), plugins)
  })

  for (const [key, name] of [
    ['transforms.x.plugin.version', 'Filter'],
    ['predicates.p.plugin.version', 'RecordIsTombstone']
  ] as const) {
    it(`have the version that ${key} asks for`, () => {
      assert.equal(transformations(part({ [key]: '[1.0,)' }), plugins).stages.length, 1)
      const message = misfit(name)
      assert.throws(() => transformations(part({ [key]: '[99.0,)' }), plugins), { message })
    })
  }

  it('are named with the setting that asks for one there is not', () => {
    assert.throws(() => transformations(part({ 'predicates.p.type': 'x.Y' }), plugins), {
      message:
        'Invalid value x.Y for configuration predicates.p.type: Class x.Y could not be found.'
    })
  })
})
