import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { configDef } from '../../src/config/config-def.ts'
import type { ConfigInfos, ConfigValueInfo } from '../../src/config/config-infos.ts'
import { ConfigProviders } from '../../src/config/providers.ts'
import { ConnectError } from '../../src/errors.ts'
import type { SubmittedConfig } from '../../src/validation/section.ts'
import { validateConnector } from '../../src/validation/validate-connector.ts'
import { type Plugin, Plugins } from '../../src/plugin/plugins.ts'
import type { SourceConnectorPlugin } from '../../src/plugin/source.ts'
import { parseWorkerConfig } from '../../src/settings/worker/worker-config.ts'
import { providerSettings } from '../../src/settings/worker/provider-settings.ts'

const inert = (): never => {
  throw new Error('this plugin only has a configuration')
}

function tableSource(more: Partial<SourceConnectorPlugin> = {}): SourceConnectorPlugin {
  return {
    type: 'source',
    className: 'io.example.TableSourceConnector',
    taskClassName: 'io.example.TableSourceTask',
    version: '1.2.3',
    config: configDef({
      url: { type: 'string', importance: 'high', doc: '', group: 'Database' },
      password: { type: 'password', default: null, importance: 'high', doc: '', group: 'Database' },
      'rows.per.poll': { type: 'int', default: 10, atLeast: 1, importance: 'low', doc: '' }
    }),
    create: inert,
    createTask: inert,
    ...more
  }
}

interface Question {
  config?: Record<string, string | null>
  plugin?: Partial<SourceConnectorPlugin>
  worker?: Record<string, string>
  kind?: 'distributed' | 'standalone'
  signal?: AbortSignal
  secrets?: Record<string, string>
}

function ask({
  config,
  plugin,
  worker,
  kind = 'distributed',
  signal,
  secrets = { SECRET: 'tiger-lily', WORD: 'ten' }
}: Question): Promise<ConfigInfos> {
  const properties = new Map(
    Object.entries({
      'bootstrap.servers': 'localhost:9092',
      'key.converter': 'JsonConverter',
      'value.converter': 'JsonConverter',
      'config.providers': 'env',
      'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
      ...(kind === 'standalone'
        ? { 'offset.storage.file.filename': '/tmp/offsets' }
        : {
            'group.id': 'cluster',
            'config.storage.topic': 'c',
            'offset.storage.topic': 'o',
            'status.storage.topic': 's'
          }),
      ...worker
    })
  )
  const plugins: Plugin[] = [
    ...builtinPlugins().filter(({ type }) => type !== 'source'),
    tableSource(plugin)
  ]
  const submitted: SubmittedConfig = new Map(
    Object.entries({
      name: 'tables',
      'connector.class': 'TableSource',
      url: 'jdbc:sqlite:x',
      ...config
    })
  )
  return validateConnector(
    {
      plugins: new Plugins(plugins),
      workerConfig: parseWorkerConfig(kind, properties),
      providers: new ConfigProviders(providerSettings(properties), secrets)
    },
    submitted,
    signal ?? AbortSignal.timeout(5000)
  )
}

function value(infos: ConfigInfos, name: string): ConfigValueInfo {
  const found = infos.configs.find(
    (one) => (one.value?.name ?? one.definition?.name) === name
  )?.value
  assert.ok(found, `${name} is not in the answer`)
  return found
}

describe('validation', () => {
  it('has no complaint about a good configuration', async () => {
    const infos = await ask({})
    assert.equal(infos.name, 'TableSource')
    assert.equal(infos.error_count, 0)
    assert.deepEqual(infos.groups.slice(-1), ['Database'])
    assert.equal(value(infos, 'connector.plugin.version').value, '1.2.3')
  })

  it('refuses a configuration without a class, showing it without its secrets (I7)', async () => {
    await assert.rejects(
      ask({ config: { 'connector.class': null, 'db.password': 'tiger-lily' } }),
      (error) => {
        assert.ok(error instanceof ConnectError)
        assert.equal(error.status, 400)
        assert.match(
          error.message,
          /^Connector config \{name=tables, connector\.class=null, db\.password=\[hidden\], url=/
        )
        assert.match(error.message, /\} contains no connector type$/)
        assert.doesNotMatch(error.message, /tiger-lily/)
        return true
      }
    )
  })

  it('refuses classes that are not there; nothing is loaded by name', async () => {
    for (const name of [
      'Nope',
      'filestreamsource',
      '../../x',
      'node:fs',
      '__proto__',
      'constructor',
      ''
    ]) {
      await assert.rejects(ask({ config: { 'connector.class': name } }), (error) => {
        assert.ok(error instanceof ConnectError)
        assert.equal(error.status, 400)
        assert.ok(
          error.message.startsWith(
            `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: PluginDesc{`
          )
        )
        return true
      })
    }
  })

  it('I7: hides passwords, and what config providers answered under any key', async () => {
    const infos = await ask({
      config: {
        password: 'tiger-lily',
        url: '${env:SECRET}',
        'rows.per.poll': '${env:WORD}',
        'producer.override.sasl.jaas.config': 'x password="tiger-lily";',
        'producer.override.my.secret': 'tiger-lily',
        'consumer.override.group.id': 'x'
      },
      plugin: {
        validate: (_config, checked) => {
          checked.get('url')?.errors.push('Cannot connect to tiger-lily')
          checked.get('rows.per.poll')?.errors.push('tiger-lily answered nothing')
        }
      }
    })
    assert.doesNotMatch(JSON.stringify(infos), /tiger-lily/)
    assert.equal(value(infos, 'password').value, '[hidden]')
    assert.equal(value(infos, 'url').value, '${env:SECRET}')
    assert.deepEqual(value(infos, 'url').errors, ['Cannot connect to ${env:SECRET}'])
    assert.equal(
      value(infos, 'rows.per.poll').errors[0],
      'Invalid value ${env:WORD} for configuration rows.per.poll: Not a number of type INT'
    )
  })

  it('gives the connector the resolved configuration and takes over what it found', async () => {
    const infos = await ask({
      config: { url: '${env:SECRET}', transforms: null },
      plugin: {
        validate: (config, checked) => {
          assert.equal(config.get('url'), 'tiger-lily')
          assert.equal(config.has('transforms'), false)
          const rows = checked.get('rows.per.poll')
          assert.ok(rows)
          rows.errors.push('too few')
          rows.recommendedValues = ['100', '1000']
          rows.visible = false
        }
      }
    })
    assert.deepEqual(value(infos, 'rows.per.poll'), {
      name: 'rows.per.poll',
      value: '10',
      recommended_values: ['100', '1000'],
      errors: ['too few'],
      visible: false
    })
  })

  it('I9: a connector that fails to check is one error of the request', async () => {
    const broken = () => {
      throw new TypeError('x is undefined')
    }
    await assert.rejects(ask({ plugin: { validate: broken } }), (error) => {
      assert.ok(error instanceof ConnectError)
      assert.equal(
        error.message,
        'io.example.TableSourceConnector failed to check its configuration'
      )
      assert.ok(error.cause instanceof TypeError)
      return true
    })
  })

  it('I8: a connector that never answers ends with the request', async () => {
    await assert.rejects(
      ask({
        plugin: { validate: () => new Promise<void>(() => undefined) },
        signal: AbortSignal.timeout(20)
      }),
      { code: 'REQUEST_TIMED_OUT' }
    )
  })

  it('refuses a name that the group protocol could not carry', async () => {
    const longest = await ask({ config: { name: 'ü'.repeat(500) } })
    assert.deepEqual(value(longest, 'name').errors, [])
    const infos = await ask({ config: { name: 'x'.repeat(33_000) } })
    assert.equal(value(infos, 'name').errors.length, 1)
    assert.match(
      value(infos, 'name').errors[0] ?? '',
      /String may have at most 1000 bytes but had 33000$/
    )
  })

  it('names the key of a registry whose address makes no sense, and shows no password in it', async () => {
    const key = 'value.converter.schema.registry.url'
    const errors = async (address: string) => {
      const infos = await ask({
        config: { 'value.converter': 'io.confluent.connect.avro.AvroConverter', [key]: address }
      })
      assert.equal(infos.error_count, value(infos, key).errors.length)
      return value(infos, key).errors.join()
    }
    for (const [address, problem] of [
      ['http://u:p%ss@127.0.0.1:8081', /a percent sign in user or password/],
      ['nonsense', /an entry is no URL/],
      ['http://h:99999', /an entry is no URL/],
      ['http://h:8081,ftp://u:p4ss@x/', /only http and https/]
    ] as const) {
      const found = await errors(address)
      assert.match(found, problem)
      assert.match(found, /^Invalid value \[hidden\] for configuration schema\.registry\.url: /)
      assert.doesNotMatch(found, /p4ss|p%ss/)
    }
    assert.equal(await errors('http://u%40dom:p%25@h:8081/apis/, https://other'), '')
  })

  it('complains about null, also for keys of the connector', async () => {
    const infos = await ask({ config: { 'rows.per.poll': null, zebra: null } })
    assert.deepEqual(value(infos, 'rows.per.poll').errors, [
      'Invalid value null for configuration rows.per.poll: Value must be non-null',
      'Null value can not be supplied as the configuration value.'
    ])
    assert.deepEqual(infos.configs[0]?.definition, null)
    assert.equal(infos.configs[0]?.value?.name, 'zebra')
    assert.equal(infos.error_count, 3)
  })

  it('shows overrides with what is wrong with them', async () => {
    const infos = await ask({
      config: { 'producer.override.linger.ms': 'soon', 'producer.override.acks': 'all' }
    })
    assert.deepEqual(value(infos, 'producer.override.linger.ms').errors, [
      'Invalid value soon for configuration linger.ms: Not a number of type LONG'
    ])
    assert.equal(value(infos, 'producer.override.acks').value, 'all')
    assert.equal(infos.error_count, 1)
  })

  it('knows the policies by class name too', async () => {
    const infos = await ask({
      config: { 'producer.override.security.protocol': 'SSL', 'producer.override.acks': '1' },
      worker: {
        'connector.client.config.override.policy':
          'org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy'
      }
    })
    assert.deepEqual(value(infos, 'producer.override.security.protocol').errors, [])
    assert.deepEqual(value(infos, 'producer.override.acks').errors, [
      "The 'Principal' policy does not allow 'acks' to be overridden in the connector configuration."
    ])
  })

  const enabled = { 'exactly.once.source.support': 'enabled' }
  for (const { says, plugin, key, word, errors } of [
    {
      says: 'no word about it',
      plugin: {},
      key: 'exactly.once.support',
      word: 'required',
      errors: [/^The connector does not implement the API required for preflight validation/]
    },
    {
      says: 'no',
      plugin: { exactlyOnceSupport: () => 'unsupported' as const },
      key: 'exactly.once.support',
      word: 'REQUIRED',
      errors: [
        /^The connector does not support exactly-once semantics with the provided configuration\.$/
      ]
    },
    {
      says: 'yes',
      plugin: { exactlyOnceSupport: () => 'supported' as const },
      key: 'exactly.once.support',
      word: 'required',
      errors: []
    },
    {
      says: 'an exception',
      plugin: {
        exactlyOnceSupport: () => {
          throw new Error('no idea')
        }
      },
      key: 'exactly.once.support',
      word: 'required',
      errors: [/^An unexpected error occurred during validation: no idea$/]
    },
    {
      says: 'yes to its own transactions',
      plugin: { canDefineTransactionBoundaries: () => true },
      key: 'transaction.boundary',
      word: 'connector',
      errors: []
    },
    {
      says: 'no to its own transactions',
      plugin: { canDefineTransactionBoundaries: () => false },
      key: 'transaction.boundary',
      word: 'connector',
      errors: [/^The connector does not support connector-defined transaction boundaries/]
    }
  ]) {
    it(`asks the connector about exactly-once, which says ${says}`, async () => {
      const infos = await ask({ plugin, config: { [key]: word }, worker: enabled })
      const found = value(infos, key).errors
      assert.equal(found.length, errors.length, found.join())
      errors.forEach((pattern, index) => assert.match(found[index] ?? '', pattern))
    })
  }

  it('does not ask about exactly-once in a standalone worker', async () => {
    const infos = await ask({ kind: 'standalone', config: { 'exactly.once.support': 'required' } })
    assert.equal(infos.error_count, 0)
  })

  it('refuses what each task of a sink would fail by as a member of its group', async () => {
    const errors = async (override: string, text: string, tasks: string) => {
      const key = `consumer.override.${override}`
      const sink = { 'connector.class': 'FileStreamSink', topics: 'a', 'tasks.max': tasks }
      const infos = await ask({ config: { ...sink, [key]: text } })
      assert.equal(infos.error_count, value(infos, key).errors.length)
      return value(infos, key).errors.join()
    }
    const java = 'org.apache.kafka.clients.consumer.'
    const strategy = (...names: string[]) =>
      errors('partition.assignment.strategy', names.map((name) => java + name).join(), '1')
    assert.equal(await strategy('RangeAssignor', 'CooperativeStickyAssignor'), '')
    assert.match(await strategy('RangeAssignor', 'OwnAssignor'), /OwnAssignor.*one of.*RoundRobin/)
    assert.equal(await errors('group.instance.id', 'one', '1'), '')
    assert.match(
      await errors('group.instance.id', 'one', '2'),
      /for more than one it needs \{task\}/
    )
    assert.equal(await errors('group.instance.id', 'one-{task}', '2'), '')
  })

  it('I8: a pattern of topics that backtracks without end is a complaint', async () => {
    const infos = await ask({
      config: {
        'connector.class': 'FileStreamSink',
        'topics.regex': '(a+)+b(?=c)?',
        'errors.deadletterqueue.topic.name': 'a'.repeat(60)
      }
    })
    assert.match(value(infos, 'topics.regex').errors[0] ?? '', /took longer than 1000 ms/)
  })

  it('I7: tells nothing of what stands behind a reference, whatever is asked about it', async () => {
    const secrets: Record<string, string> = {
      SECRET: 'tiger-lily',
      PAIR: 'tiger-lily,moon.river:9',
      SHORT: 'r',
      URL: 'jdbc:sqlite:/tiger-lily/moon.river'
    }
    const asked: Record<string, string>[] = [
      { 'connector.class': '${env:SECRET}' },
      { transforms: '${env:SECRET}', 'transforms.tiger-lily.type': 'guess 1' },
      { transforms: 'a, ${env:PAIR}', 'transforms.a.type': '${env:SECRET}' },
      { predicates: '${env:SHORT}', 'predicates.r.type': 'guess 2' },
      { 'key.converter': '${env:SECRET}' },
      { 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': '${env:SECRET}' },
      { 'rows.per.poll': '${env:PAIR}' },
      { 'tasks.max': '1${env:SECRET}' },
      { 'connector.plugin.version': '${env:SECRET}' },
      { 'errors.tolerance': '${env:SECRET}', 'errors.retry.timeout': '${env:PAIR}' },
      { 'producer.override.linger.ms': '${env:SECRET}', 'producer.override.${env:SECRET}': 'x' },
      {
        'topic.creation.groups': '${env:PAIR}',
        'topic.creation.default.partitions': '${env:PAIR}'
      },
      { 'exactly.once.support': '${env:SECRET}', 'transaction.boundary': '${env:SECRET}' },
      { url: '${env:URL}' },
      {
        'connector.class': 'FileStreamSink',
        'topics.regex': '${env:SECRET}',
        'errors.deadletterqueue.topic.name': 'a'
      }
    ]
    const plugin: Partial<SourceConnectorPlugin> = {
      validate: (config, checked) => {
        const url = config.get('url') ?? ''
        checked.get('url')?.errors.push(`no file at ${url}`, `near ${url.slice(-11, -2)}`)
      }
    }
    for (const config of asked) {
      const answer = await ask({ config, plugin, secrets }).then(
        JSON.stringify,
        (error: Error) => `${error.message} ${String(error.cause)} ${JSON.stringify(error)}`
      )
      assert.doesNotMatch(
        answer.replaceAll('transforms.tiger-lily.type', ''),
        /tiger|lily|moon|river/
      )
      assert.doesNotMatch(answer, /guess/)
    }
  })

  it('I7: compares nothing of what stands behind a reference with what the caller gives', async () => {
    const sink = { 'connector.class': 'FileStreamSink' }
    const dlq = 'errors.deadletterqueue.topic.name'
    for (const [one, other] of [
      [
        { 'topics.regex': 't.*', [dlq]: '${env:SECRET}' },
        { 'topics.regex': 'x.*', [dlq]: '${env:SECRET}' }
      ],
      [
        { topics: 'a,tiger-lily', [dlq]: '${env:SECRET}' },
        { topics: 'a,b', [dlq]: '${env:SECRET}' }
      ]
    ]) {
      const errors = async (config: Record<string, string>) =>
        (await ask({ config: { ...sink, ...config } })).error_count
      assert.equal(await errors(one ?? {}), await errors(other ?? {}))
    }
  })

  it('takes a thousand aliases, and aliases called like properties of every object', async () => {
    const aliases = ['__proto__', 'constructor', ...Array.from({ length: 1000 }, (_, i) => `a${i}`)]
    const infos = await ask({
      config: {
        transforms: aliases.join(','),
        ...Object.fromEntries(aliases.map((alias) => [`transforms.${alias}.type`, 'Nope']))
      }
    })
    assert.equal(infos.error_count, aliases.length)
    assert.deepEqual(value(infos, 'transforms.__proto__.type').errors, [
      'Invalid value Nope for configuration transforms.__proto__.type: Class Nope could not be found.'
    ])
    assert.equal(({} as Record<string, unknown>)['type'], undefined)
  })
})
