import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
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

/**
 * Kafka's transformations and predicates and ours, side by side: for the test, and for the table of
 * `npm run compat`.
 */

type Ours = TransformationPlugin | PredicatePlugin
const isOurs = (plugin: Plugin): plugin is Ours =>
  plugin.type === 'transformation' || plugin.type === 'predicate'

export const transformPlugins = builtinPlugins().filter(isOurs)
const PACKAGE = 'org.apache.kafka.connect.transforms.'

/** Every case: record in, configuration, record or error out. */
export const comparedCases: readonly TransformCase[] = [
  ...fieldCases,
  ...valueCases,
  ...recordCases,
  ...predicateCases
]

export type Verdict = 'equal' | 'allowed' | 'different'

export interface Comparison {
  readonly jvm: TransformAnswer
  readonly ours: TransformAnswer
  /** `allowed`: different on purpose, in just the way the case says. */
  readonly verdict: Verdict
}

export interface Comparisons {
  /** In the order of {@link comparedCases}. */
  readonly cases: readonly Comparison[]
  /** Configuration keys, in the order of {@link transformPlugins}. */
  readonly keys: readonly Comparison[]
}

/** Asks one JVM about all cases and all configuration keys. */
export async function compareTransforms(): Promise<Comparisons> {
  const answers = await askTransforms([
    ...comparedCases.map(questionOf),
    ...transformPlugins.map(
      ({ className }): TransformQuestion => ({ op: 'config', class: className })
    )
  ])
  const jvm = (index: number): TransformAnswer => answers[index] as TransformAnswer
  return {
    cases: comparedCases.map((one, index) => compared(one, jvm(index), oursOf(one))),
    keys: transformPlugins.map((plugin, index) => {
      const theirs = jvm(comparedCases.length + index)
      const ours = { keys: keysOf(plugin) }
      return { jvm: theirs, ours, verdict: isDeepStrictEqual(ours, theirs) ? 'equal' : 'different' }
    })
  }
}

function compared(one: TransformCase, jvm: TransformAnswer, ours: TransformAnswer): Comparison {
  // Our errors carry the texts of their causes behind their own.
  const same =
    isDeepStrictEqual(ours, jvm) ||
    (jvm.error !== undefined && ours.error?.startsWith(jvm.error) === true)
  if (one.ours === undefined) return { jvm, ours, verdict: same ? 'equal' : 'different' }
  const asSaid = !same && (ours.error ?? null) === one.ours.error
  return { jvm, ours, verdict: asSaid ? 'allowed' : 'different' }
}

const isPredicate = (one: TransformCase): boolean => one.class.startsWith('predicates.')

function questionOf(one: TransformCase): TransformQuestion {
  const { config, record } = one
  const op = isPredicate(one) ? 'test' : 'apply'
  return { op, class: PACKAGE + one.class, config, record: describeRecord(record) }
}

function pluginOf<T extends Ours['type']>(type: T, name: string): Extract<Ours, { type: T }> {
  const found = transformPlugins.find((plugin) => plugin.className === PACKAGE + name)
  assert.equal(found?.type, type)
  return found as Extract<Ours, { type: T }>
}

/** What our class does, in the words of the oracle. */
function oursOf(one: TransformCase): TransformAnswer {
  const config = new Map(Object.entries(one.config))
  try {
    if (isPredicate(one)) {
      const predicate = pluginOf('predicate', one.class).create(config)
      return { holds: predicate.test(one.record) }
    }
    const transformation = pluginOf('transformation', one.class).create(config)
    const before = describeRecord(one.record)
    const result = transformation.apply(one.record)
    assert.deepEqual(describeRecord(one.record), before, 'the record given was modified')
    return { record: result === null ? null : describeRecord(result, true) }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return { error: messageOf(error) }
  }
}

function keysOf(plugin: Ours): unknown {
  return keyInfos(plugin.config).map((key) => ({
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
}
