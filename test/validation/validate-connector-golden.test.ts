import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import type { ConfigInfo, ConfigInfos, ConfigKeyInfo } from '../../src/config/config-infos.ts'
import { ConfigProviders } from '../../src/config/providers.ts'
import { pluginConfigKeys, validateConnector } from '../../src/validation/validate-connector.ts'
import { Plugins } from '../../src/plugin/plugins.ts'
import { parseWorkerConfig } from '../../src/settings/worker/worker-config.ts'
import { type ValidateCase, validateCases } from '../compat/validate-cases.ts'
import { goldenAnswer } from '../compat/validate-golden.ts'
import { providerSettings } from '../../src/settings/worker/provider-settings.ts'

const plugins = new Plugins(builtinPlugins())

/** Questions the JVM worker does not answer in a way worth matching, and why. */
const different: Readonly<Record<string, string>> = {
  'source-no-class': '500 with the name of a Java exception; ours is 400',
  'source-empty': '500 with the name of a Java exception; ours is 400',
  'source-class-null': '500 with the name of a Java exception; ours is 400',
  'source-class-empty': 'refused by the route before anything is validated',
  'source-class-blank': 'refused by the route before anything is validated',
  'source-class-other': 'refused by the route before anything is validated',
  'source-class-unknown': 'names the plugins that are there',
  'source-class-path': 'names the plugins that are there',
  'source-name-missing-words': '500 from a null dereference; ours says which values are null',
  'source-nulls':
    "accepts null for a key of the connector's own, which fails the connector later; ours refuses it",
  'sink-nulls':
    "accepts null for a key of the connector's own, which fails the connector later; ours refuses it",
  'source-version-odd': '500 with the name of a Java exception; ours is 400',
  'source-overrides-bad-values': '500 for a number that is none; ours is a complaint about the key',
  'source-providers': 'shows values of config providers; ours shows the references'
}

async function ask(one: ValidateCase): Promise<ConfigInfos | readonly ConfigKeyInfo[] | null> {
  if (one.config === undefined) {
    const plugin = plugins.any(one.plugin)
    return plugin === null ? null : pluginConfigKeys(plugin)
  }
  const properties = new Map(
    Object.entries({
      'bootstrap.servers': 'localhost:9092',
      'group.id': 'validate-golden',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      'config.storage.topic': 'c',
      'offset.storage.topic': 'o',
      'status.storage.topic': 's',
      ...one.worker
    })
  )
  const workerConfig = parseWorkerConfig('distributed', properties)
  const providers = new ConfigProviders(providerSettings(properties), { GOLDEN_WORD: 'four' })
  return validateConnector(
    { plugins, workerConfig, providers },
    new Map(Object.entries(one.config)),
    AbortSignal.timeout(5000)
  )
}

const CLASSES = ['classes']

function comparableKey(key: ConfigKeyInfo): unknown {
  return { ...key, documentation: '' }
}

/**
 * Without prose, lists of classes, internals of the JVM, and the order of settings where it comes from Java's
 * hash maps.
 */
function comparable(infos: ConfigInfos): unknown {
  const configs = infos.configs.map(({ definition, value }: ConfigInfo) => ({
    definition: definition === null ? null : comparableKey(definition),
    value:
      value === null
        ? null
        : {
            ...value,
            recommended_values: value.recommended_values.some(
              (text) => /^classes$|\.\w+\./.test(text) && !/^\d/.test(text)
            )
              ? CLASSES
              : value.recommended_values,
            errors: value.errors
              .filter((error) => !error.includes('Cannot invoke'))
              .map((error) =>
                error.replace('available versions: [4.3.1, 4.3.1]', 'available versions: [4.3.1]')
              )
          }
  }))
  const name = ({ definition, value }: (typeof configs)[number]): string =>
    (definition as { name: string } | null)?.name ?? value?.name ?? ''
  const hashed = (entry: (typeof configs)[number]): boolean =>
    /^(key|value|header)\.converter\.(?!plugin)|\.override\./.test(name(entry)) &&
    entry.definition !== null
  return {
    name: infos.name,
    groups: [...infos.groups].sort(),
    order: configs.filter((entry) => !hashed(entry)).map(name),
    configs: Object.fromEntries(
      configs.map((entry) => [`${name(entry)} ${entry.definition === null}`, entry])
    )
  }
}

describe('validation answers like the JVM worker', () => {
  for (const one of validateCases) {
    if (Object.hasOwn(different, one.name)) continue
    it(one.name, async () => {
      const { status, body } = goldenAnswer(one.name)
      const answer = await ask(one)
      if (answer === null) {
        assert.equal(status, 404)
        return
      }
      assert.equal(status, 200)
      if ('configs' in answer) {
        const expected = body as ConfigInfos
        assert.deepEqual(comparable(answer), comparable(expected))
        assert.equal(Object.keys(answer).join(), Object.keys(expected).join())
        const internals = expected.configs
          .flatMap(({ value }) => value?.errors ?? [])
          .filter((error) => error.includes('Cannot invoke')).length
        assert.equal(answer.error_count, expected.error_count - internals)
      } else {
        assert.deepEqual(answer.map(comparableKey), body)
        assert.equal(
          JSON.stringify(answer.map((key) => Object.keys(key))),
          JSON.stringify((body as ConfigKeyInfo[]).map((key) => Object.keys(key)))
        )
      }
    })
  }
})
