import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { keyInfos } from '../../src/config/config-infos.ts'
import { messageOf } from '../../src/errors.ts'
import type { Plugin } from '../../src/plugin/plugins.ts'
import type { PredicatePlugin, TransformationPlugin } from '../../src/plugin/transformation.ts'
import {
  askTransforms,
  describeRecord,
  type TransformAnswer,
  type TransformQuestion
} from '../support/transform-oracle.ts'
import { fieldCases } from './field.cases.ts'
import { predicateCases, recordCases } from './record.cases.ts'
import type { TransformCase } from './transform-case.ts'
import { valueCases } from './value.cases.ts'

/** Kafka's transformations and predicates and ours, side by side; one JVM answers all questions of this file. */

type Ours = TransformationPlugin | PredicatePlugin
const isOurs = (plugin: Plugin): plugin is Ours =>
  plugin.type === 'transformation' || plugin.type === 'predicate'
const plugins = builtinPlugins().filter(isOurs)
const PACKAGE = 'org.apache.kafka.connect.transforms.'
const transformCases = [...fieldCases, ...valueCases, ...recordCases]

function questionOf(op: 'apply' | 'test', one: TransformCase): TransformQuestion {
  const { config, record } = one
  return { op, class: PACKAGE + one.class, config, record: describeRecord(record) }
}

function pluginOf<T extends Ours['type']>(type: T, name: string): Extract<Ours, { type: T }> {
  const found = plugins.find((plugin) => plugin.className === PACKAGE + name)
  assert.equal(found?.type, type)
  return found as Extract<Ours, { type: T }>
}

/** What our class does, in the words of the oracle. */
function ours(one: TransformCase): TransformAnswer {
  const config = new Map(Object.entries(one.config))
  try {
    if (one.class.startsWith('predicates.')) {
      const predicate = pluginOf('predicate', one.class).create()
      predicate.configure(config)
      return { holds: predicate.test(one.record) }
    }
    const transformation = pluginOf('transformation', one.class).create()
    transformation.configure(config)
    const before = describeRecord(one.record)
    const result = transformation.apply(one.record)
    assert.deepEqual(describeRecord(one.record), before, 'the record given was modified')
    return { record: result === null ? null : describeRecord(result, true) }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return { error: messageOf(error) }
  }
}

describe('Transformations like those of Kafka 4.3.1', () => {
  const all = [...transformCases, ...predicateCases]
  let answers: TransformAnswer[] = []
  before(async () => {
    answers = await askTransforms([
      ...transformCases.map((one) => questionOf('apply', one)),
      ...predicateCases.map((one) => questionOf('test', one)),
      ...plugins.map(({ className }): TransformQuestion => ({ op: 'config', class: className }))
    ])
  })

  for (const [index, one] of all.entries()) {
    it(`${one.class} ${JSON.stringify(one.config)} #${index}`, () => {
      const answer = answers[index] as TransformAnswer
      const mine = ours(one)
      if (one.ours === undefined) {
        // Our errors carry the texts of their causes behind their own.
        if (answer.error !== undefined && mine.error?.startsWith(answer.error) === true) return
        assert.deepEqual(mine, answer)
        return
      }
      assert.notDeepEqual(mine, answer)
      assert.deepEqual(mine.error ?? null, one.ours.error, one.ours.because)
    })
  }

  for (const [index, plugin] of plugins.entries()) {
    it(`${plugin.className} has the same configuration keys`, () => {
      const keys = keyInfos(plugin.config).map((key) => ({
        name: key.name,
        type: key.type.toLowerCase(),
        required: key.required,
        default: key.type === 'LIST' && key.default_value === '' ? '[]' : key.default_value,
        importance: key.importance.toLowerCase(),
        group: key.group,
        order: key.order_in_group,
        width: key.width.toLowerCase(),
        displayName: key.display_name
      }))
      assert.deepEqual(keys, (answers[all.length + index] as TransformAnswer).keys)
    })
  }
})
