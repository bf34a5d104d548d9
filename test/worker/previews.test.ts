import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { configDef } from '../../src/config/config-def.ts'
import { ConfigProviders } from '../../src/config/providers.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { ConnectError } from '../../src/errors.ts'
import type { SourcePreview } from '../../src/plugin/preview.ts'
import { type Plugin, Plugins } from '../../src/plugin/plugins.ts'
import type { SourceConnectorPlugin } from '../../src/plugin/source.ts'
import { Previews } from '../../src/worker/previews.ts'
import { parseWorkerConfig } from '../../src/settings/worker/worker-config.ts'
import { providerSettings } from '../../src/settings/worker/provider-settings.ts'

const nothing: SourcePreview = {
  records: [],
  statements: [],
  columns: [],
  advice: [],
  problems: []
}

const unasked = (): never => assert.fail('a source has no topics to be read')
const noClients = { producer: unasked, consumer: unasked, admin: unasked }

function previews(
  preview: NonNullable<SourceConnectorPlugin['preview']>,
  worker: Record<string, string> = {}
): (config: Record<string, string>) => Promise<unknown> {
  const properties = new Map(
    Object.entries({
      'bootstrap.servers': 'localhost:9092',
      'key.converter': 'JsonConverter',
      'value.converter': 'JsonConverter',
      'offset.storage.file.filename': '/tmp/offsets',
      'config.providers': 'env',
      'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
      ...worker
    })
  )
  const never = (): never => assert.fail('a preview starts no connector')
  const plugin: SourceConnectorPlugin = {
    type: 'source',
    className: 'io.example.Rows',
    taskClassName: 'io.example.RowsTask',
    version: '1',
    config: configDef({}),
    create: never,
    createTask: never,
    preview
  }
  const plugins = new Plugins([
    ...builtinPlugins().filter(({ type }) => type.endsWith('converter')),
    plugin
  ] as Plugin[])
  const providers = new ConfigProviders(providerSettings(properties), {
    SECRET: 'tiger-lily',
    HOST: 'db.example'
  })
  const all = new Previews({
    config: parseWorkerConfig('standalone', properties),
    plugins,
    providers,
    kafka: { clients: createKafkaClients(systemClock), clientProperties: noClients },
    clock: systemClock
  })
  return async (config) => {
    const whole = new Map(
      Object.entries({ name: 'p', 'connector.class': 'io.example.Rows', ...config })
    )
    return all.show(whole, () => Promise.resolve(whole), 1, new AbortController().signal)
  }
}

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConnectError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, message)
  return true
}

void describe('Previews of a worker', () => {
  void it('are a few at once', async () => {
    const gate = Promise.withResolvers<SourcePreview>()
    const show = previews(() => gate.promise)
    const running = Array.from({ length: 4 }, () => show({}))
    await new Promise(setImmediate)
    await assert.rejects(show({}), refused('NOT_READY', /4 previews are under way/))
    gate.resolve(nothing)
    await Promise.all(running)
    await show({})
  })

  void it('can be switched off', async () => {
    const show = previews(() => assert.fail('nothing is read'), { 'rest.preview.enable': 'false' })
    await assert.rejects(show({}), refused('FORBIDDEN', /rest\.preview\.enable=false/))
  })

  void it('I7: take no reference where its value could be read', async () => {
    const show = previews(() => assert.fail('nothing is read'))
    for (const [key, value] of Object.entries({
      query: "SELECT '${env:SECRET}'",
      'topic.prefix': '${env:SECRET}',
      'transforms.a.static.value': '${env:SECRET}',
      'connection.url': 'jdbc:postgresql://h/d?options=-c x.y=${env:SECRET}',
      'connection.ApplicationName': '${env:SECRET}',
      'table.whitelist': 'a,${env:SECRET}'
    })) {
      await assert.rejects(
        show({ [key]: value }),
        refused('BAD_REQUEST', /may not hold a reference/)
      )
    }
  })

  void it('I7: repeat in no sentence what a reference stands for', async () => {
    const config = {
      'connection.url': 'jdbc:postgresql://${env:HOST}/d?user=u&password=${env:SECRET}',
      'connection.password': '${env:SECRET}',
      'value.converter.basic.auth.user.info': 'u:${env:SECRET}'
    }
    const show = previews(async (resolved) => {
      assert.equal(resolved.get('connection.password'), 'tiger-lily')
      return { ...nothing, advice: ['db.example is old'], problems: ['tiger-lily: refused'] }
    })
    const shown = (await show(config)) as SourcePreview
    assert.deepEqual(shown.advice, ['${env:HOST} is old'])
    assert.deepEqual(shown.problems, ['${env:SECRET}: refused'])
    const failing = previews(() => {
      throw new ConnectError('DATABASE_ERROR', 'no host db.example', {
        cause: new Error('tiger-lily')
      })
    })
    await assert.rejects(failing(config), (error: unknown) => {
      assert.ok(error instanceof ConnectError)
      assert.equal(error.message, 'no host ${env:HOST}')
      return error.cause === undefined
    })
  })

  void it('tell of a topic whose name Kafka does not take', async () => {
    const source = (topic: string) => ({
      topic,
      kafkaPartition: null,
      keySchema: null,
      key: null,
      valueSchema: null,
      value: null,
      timestamp: null,
      headers: [],
      sourcePartition: { table: 'x' },
      sourceOffset: null
    })
    const names = ['my-table $ x', '', '..', 'y'.repeat(250), 'fine']
    const show = previews(async () => ({ ...nothing, records: names.map(source) }))
    const { records } = (await show({})) as {
      records: { outcome: string; error?: { stage: string; message: string } }[]
    }
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      [...Array.from({ length: 4 }, () => 'fails the task'), 'sent']
    )
    assert.equal(records[0]?.error?.stage, 'KAFKA_PRODUCE')
    assert.match(records[0]?.error?.message ?? '', /no topic named 'my-table \$ x'.*not ' ', '\$'/)
  })
})
