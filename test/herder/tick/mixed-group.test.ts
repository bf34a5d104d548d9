import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { once } from 'node:events'
import { systemClock } from '../../../src/clock.ts'
import { ConnectError } from '../../../src/errors.ts'
import type { DistributedHerder } from '../../../src/herder/tick/distributed-herder.ts'
import { tlsSettings } from '../../../src/settings/clients/tls-keys.ts'
import { restLeaderClient } from '../../../src/rest/leader-client.ts'
import type { StoredConfig } from '../../../src/storage/cluster-config.ts'
import type { TargetState } from '../../../src/storage/target-state.ts'
import { HerderCluster } from '../../support/herder-cluster.ts'
import { type JvmWorker, startJvmWorker } from '../../support/jvm-worker.ts'
import { ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const SOURCE = 'org.apache.kafka.connect.file.FileStreamSource'
const DELAY_MS = 1000
/** What a step may take while others use the machine. */
const BUSY_MS = 120_000

/**
 * Tells the same task configurations as the JVM's connector of that class: its own, and the class of the
 * task.
 */
class FileStreamLikeWorker extends ScriptedWorker {
  readonly #configs = new Map<string, StoredConfig>()

  override startConnector(name: string, config: StoredConfig, target: TargetState): Promise<void> {
    this.#configs.set(name, config)
    return super.startConnector(name, config, target)
  }

  override async taskConfigs(name: string): Promise<StoredConfig[]> {
    return [new Map([...(this.#configs.get(name) ?? []), ['task.class', `${SOURCE}Task`]])]
  }
}

/** The one endpoint of REST that members of a group need of each other. */
async function internalEndpoint(t: TestContext, herder: () => DistributedHerder) {
  const answers: number[] = []
  const handle = async (request: IncomingMessage): Promise<number> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const configs = (JSON.parse(body.toString()) as Record<string, string>[]).map(
      (config) => new Map(Object.entries(config))
    )
    const name = decodeURIComponent(
      /^\/connectors\/([^/]+)\/tasks/.exec(request.url ?? '')?.[1] ?? ''
    )
    try {
      await herder().putTaskConfigs(name, () => configs, body, {
        signature: String(request.headers['x-connect-authorization']),
        algorithm: String(request.headers['x-connect-request-signature-algorithm'])
      })
      return 204
    } catch (error) {
      return error instanceof ConnectError ? error.status : 500
    }
  }
  const server = createServer((request, response) => {
    void handle(request).then((status) => {
      answers.push(status)
      response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { host: `127.0.0.1:${port}`, answers }
}

async function ask(jvm: JvmWorker, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${jvm.url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  assert.ok(response.status < 300, `${method} ${path}: ${response.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

function source(name: string): Record<string, string> {
  return {
    name,
    'connector.class': `${SOURCE}Connector`,
    file: '/dev/null',
    topic: `${name}-topic`
  }
}

describe('a group of a JVM worker and one of ours', () => {
  it('shares connectors, tasks, session keys and leadership', { timeout: 400_000 }, async (t) => {
    const cluster = new HerderCluster(t, {
      scheduledRebalanceMaxDelayMs: DELAY_MS,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000
    })
    const topics = cluster.groupId
    const settings = {
      'group.id': topics,
      'config.storage.topic': `${topics}-configs`,
      'offset.storage.topic': `${topics}-offsets`,
      'offset.storage.partitions': '1',
      'status.storage.topic': `${topics}-statuses`,
      'status.storage.partitions': '2',
      'heartbeat.interval.ms': '300',
      // A JVM that gets no processor for a while is not dead.
      'session.timeout.ms': '30000',
      'scheduled.rebalance.max.delay.ms': String(DELAY_MS)
    }
    const join = async () => {
      const jvm = await startJvmWorker(settings)
      t.after(() => jvm.stop())
      return jvm
    }
    const owners = (names: readonly string[]) =>
      new Set(
        names.flatMap((name) => {
          const { connector, tasks } = herder.cluster.connectorStatus(name)
          assert.deepEqual(
            [connector.state, tasks.map(({ state }) => state)],
            ['RUNNING', ['RUNNING']]
          )
          return [connector.workerId, ...tasks.map(({ workerId }) => workerId)]
        })
      )
    const bothRun = (names: readonly string[], jvm: JvmWorker) =>
      until(
        () => {
          const found = owners(names)
          return found.size === 2 && found.has(new URL(jvm.url).host) && found.has(endpoint.host)
        },
        `${names.join(', ')} run, shared by both`,
        BUSY_MS
      )

    // The JVM worker leads; ours sends it the task configurations of its connectors, signed.
    const first = await join()
    const endpoint = await internalEndpoint(t, () => herder)
    const { herder, worker } = await cluster.join({
      worker: new FileStreamLikeWorker('ours', cluster.placement),
      workerUrl: `http://${endpoint.host}/`,
      workerId: endpoint.host,
      leaderClient: restLeaderClient(tlsSettings(new Map()), systemClock)
    })
    await ask(first, 'POST', '/connectors', { name: 'a', config: source('a') })
    await ask(first, 'PUT', '/connectors/b/config', source('b'))
    await bothRun(['a', 'b'], first)
    // A round of the group may still be under way.
    await until(
      () => worker.runningConnectors().length === 1 && worker.runningTasks().length === 1,
      'ours runs one of each',
      BUSY_MS
    )

    // It goes: ours waits for it, then has everything, and leads.
    await first.stop()
    await until(() => worker.runningTasks().length === 2, 'ours runs both tasks', BUSY_MS)
    assert.deepEqual(await cluster.leader(), cluster.members[0])

    // A move leaves a record that JVM workers do not know; the next one reads it when it starts.
    const move = async (name: string) => {
      const by = { user: null, address: null, note: null }
      const { state, problem } = await herder.startFrom.move(name, { start: { id: 1 } }, by)
      assert.deepEqual([state, problem], ['DONE', null])
    }
    await move('a')
    await until(() => worker.runningTasks().length === 2, 'both tasks are back', BUSY_MS)

    // Another JVM worker follows ours and sends it the task configurations of what it runs.
    const second = await join()
    for (const name of ['c', 'd']) {
      const config = new Map(Object.entries(source(name)))
      await herder.changes.putConnectorConfig(name, config, {
        initialState: null,
        allowReplace: false
      })
    }
    await bothRun(['a', 'b', 'c', 'd'], second)
    assert.ok(endpoint.answers.includes(204), 'the JVM worker sent signed task configurations')
    assert.equal(worker.runningConnectors().length, 2)
    // Whoever has their tasks: the JVM worker ends them for a move, and starts them again.
    await move('c')
    await move('d')
    await bothRun(['a', 'b', 'c', 'd'], second)
    const viaJvm = await ask(second, 'GET', '/connectors/d/status')
    assert.deepEqual((viaJvm as { name: string }).name, 'd')
    await ask(second, 'PUT', '/connectors/a/pause')
    const paused = () => herder.cluster.connectorStatus('a').connector.state === 'PAUSED'
    await until(paused, 'a is PAUSED', BUSY_MS)
    assert.deepEqual(cluster.fatal, [])
    await second.stop()
  })
})
