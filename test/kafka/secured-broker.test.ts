import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { alterUserScramCredentialsV0 } from '@platformatic/kafka'
import { type Clock, systemClock } from '../../src/clock.ts'
import { type Broker, startBroker } from '../../scripts/kafka-broker.ts'
import { KafkaAdmin } from '../../src/kafka/admin/admin.ts'
import { clientSettings, readerSettings } from '../../src/kafka/client/client-settings.ts'
import type { ClientProperties, LogRecord } from '../../src/kafka/contracts.ts'
import { KafkaGroupMembership } from '../../src/kafka/group/group-membership.ts'
import { HeartbeatThread } from '../../src/kafka/group/heartbeat-thread.ts'
import { NetworkClient } from '../../src/kafka/client/network-client.ts'
import { KafkaRecordProducer } from '../../src/kafka/producing/producer.ts'
import { KafkaTopicLog } from '../../src/kafka/reading/topic-log.ts'
import { uniqueName } from '../support/environment.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { logOptions } from './support.ts'

const TIMEOUT_MS = 20_000
const module = 'org.apache.kafka.common.security'

/** A broker with SASL and ACLs: `admin` may do everything, `joe` nothing. */
const secured = new Map([
  ['listener.security.protocol.map', 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT'],
  ['sasl.enabled.mechanisms', 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER'],
  ['sasl.mechanism.inter.broker.protocol', 'PLAIN'],
  [
    'listener.name.plaintext.plain.sasl.jaas.config',
    `${module}.plain.PlainLoginModule required username="admin" password="a;b c" user_admin="a;b c" user_joe="joe";`
  ],
  [
    'listener.name.plaintext.scram-sha-256.sasl.jaas.config',
    `${module}.scram.ScramLoginModule required;`
  ],
  [
    'listener.name.plaintext.scram-sha-512.sasl.jaas.config',
    `${module}.scram.ScramLoginModule required;`
  ],
  [
    'listener.name.plaintext.oauthbearer.sasl.jaas.config',
    `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";`
  ],
  ['authorizer.class.name', 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'],
  ['super.users', 'User:admin;User:ANONYMOUS']
])

let broker: Broker
const folder = mkdtempSync(join(tmpdir(), 'secured-broker-'))

function login(mechanism: string, jaas: string, more: Record<string, string> = {}) {
  return new Map(
    Object.entries({
      'bootstrap.servers': broker.bootstrap,
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': jaas,
      'default.api.timeout.ms': '10000',
      'retry.backoff.ms': '20',
      ...more
    })
  )
}

const plain = (user: string, password: string, more?: Record<string, string>) =>
  login(
    'PLAIN',
    `${module}.plain.PlainLoginModule required username="${user}" password="${password}";`,
    more
  )

const asAdmin = (more?: Record<string, string>) => plain('admin', 'a;b c', more)

function startProducer(
  t: TestContext,
  client: ClientProperties,
  clock: Clock = systemClock
): KafkaRecordProducer {
  const producer = new KafkaRecordProducer(
    clock,
    client,
    uniqueName('producer'),
    recordingLog().log
  )
  t.after(() => producer.close(0))
  return producer
}

/** Writes and reads through every kind of client. */
async function useEverything(t: TestContext, client: ClientProperties): Promise<void> {
  const records: LogRecord[] = []
  const log = new KafkaTopicLog(
    systemClock,
    logOptions({ client, onRecord: (record) => records.push(record) }),
    recordingLog().log
  )
  t.after(() => log.stop())
  await log.start()
  await log.send(Buffer.from('k'), Buffer.from('v'), TIMEOUT_MS)
  await log.readToEnd(TIMEOUT_MS)
  assert.equal(records.length, 1)
  await startProducer(t, client).send([record(uniqueName('topic'), 'v')])
  const member = new KafkaGroupMembership(
    systemClock,
    {
      groupId: uniqueName('group'),
      protocolType: 'connect',
      client,
      clientId: 'member',
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
      heartbeatIntervalMs: 1000,
      onRebalance: () => undefined
    },
    new HeartbeatThread(systemClock),
    recordingLog().log
  )
  const round = await member.join(
    [{ name: 'default', metadata: Buffer.from('m') }],
    async ({ leaderId }) => new Map([[leaderId, Buffer.from('a')]]),
    AbortSignal.timeout(TIMEOUT_MS)
  )
  assert.equal(String(round.assignment), 'a')
  await member.leave('done', 1000)
  await member.close()
}

const record = (topic: string, value: string) => ({
  topic,
  partition: 0,
  key: null,
  value: Buffer.from(value),
  timestamp: null,
  headers: []
})

/** Stores a SCRAM user, as kafka-configs would. */
async function createScramUser(name: string, password: string): Promise<void> {
  const network = new NetworkClient(clientSettings(asAdmin(), systemClock), 'users')
  const iterations = 4096
  for (const [mechanism, digest, length] of [
    [1, 'sha256', 32],
    [2, 'sha512', 64]
  ] as const) {
    const salt = randomBytes(16)
    const saltedPassword = pbkdf2Sync(password, salt, iterations, length, digest)
    const user = { name, mechanism, iterations, salt, saltedPassword }
    const { results } = await network.callAny([alterUserScramCredentialsV0.api], [], [user])
    assert.equal(results[0]?.errorCode, 0)
  }
  await network.close()
}

describe('a broker of its own', () => {
  before(async () => {
    broker = await startBroker({
      dir: join(folder, 'broker'),
      logTo: join(folder, 'broker.log'),
      heapMb: 256,
      properties: secured
    })
  })

  after(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  describe('a broker that asks for SASL', () => {
    it('lets in a user with PLAIN', async (t) => {
      await useEverything(t, asAdmin())
    })

    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      it(`lets in a user with ${mechanism}`, async (t) => {
        await createScramUser('admin', 'se,cr=et')
        const jaas = `${module}.scram.ScramLoginModule required username="admin" password="se,cr=et";`
        await useEverything(t, login(mechanism, jaas))
      })
    }

    it('lets in a user with OAUTHBEARER', async (t) => {
      const endpoint = await startTokenEndpoint(t, 'admin')
      const jaas = `${module}.oauthbearer.OAuthBearerLoginModule required clientId="c" clientSecret="s";`
      const more = { 'sasl.oauthbearer.token.endpoint.url': endpoint }
      await useEverything(t, login('OAUTHBEARER', jaas, more))
    })

    it('I7: a wrong password fails at once, everywhere, without being shown', async (t) => {
      const client = plain('admin', 'wr0ng')
      // Time stands still: whoever paused to try again would wait for ever.
      const clock = new ManualClock()
      const admin = new KafkaAdmin(clock, client, 'admin')
      t.after(() => admin.close())
      const log = new KafkaTopicLog(clock, logOptions({ client }), recordingLog().log)
      for (const attempt of [
        () => admin.clusterId(),
        () => log.start(),
        () => startProducer(t, client, clock).send([record('topic', 'v')])
      ]) {
        await assert.rejects(attempt(), (error: { code: string; message: string }) => {
          assert.equal(error.code, 'KAFKA_ERROR', inspect(error))
          assert.match(error.message, /authentication failed/)
          assert.doesNotMatch(inspect(error, { depth: 9 }), /wr0ng/)
          return true
        })
      }
    })

    it('names topic and reason when the user may not write', async (t) => {
      const topic = uniqueName('topic')
      const admin = new KafkaAdmin(systemClock, asAdmin(), 'admin')
      t.after(() => admin.close())
      await admin.createTopic({
        name: topic,
        partitions: 1,
        replicationFactor: 1,
        settings: new Map()
      })
      await assert.rejects(startProducer(t, plain('joe', 'joe')).send([record(topic, 'v')]), {
        code: 'KAFKA_ERROR',
        message: new RegExp(`${topic}: TOPIC_AUTHORIZATION_FAILED`)
      })
    })
  })

  describe('a broker that asks for TLS', () => {
    it('is believed when its certificate is in the truststore and names the host', async (t) => {
      const { key, cert, file } = selfSigned('trusted')
      const proxy = await startTcpProxy(broker.bootstrap, { key, cert })
      t.after(() => proxy.close())
      const tls = { 'bootstrap.servers': proxy.address, 'security.protocol': 'SASL_SSL' }
      const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': file }
      await useEverything(t, asAdmin({ ...tls, ...trust }))

      const other = selfSigned('other', 'DNS:elsewhere.example')
      const stranger = await startTcpProxy(broker.bootstrap, { key: other.key, cert: other.cert })
      t.after(() => stranger.close())
      const strange = {
        'bootstrap.servers': stranger.address,
        'security.protocol': 'SASL_SSL'
      }
      const trustOther = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': other.file }
      await assert.rejects(
        clusterId(t, asAdmin({ ...strange, ...trust })),
        /self-signed certificate/
      )
      await assert.rejects(clusterId(t, asAdmin({ ...strange, ...trustOther })), /altnames/)
      const unchecked = { 'ssl.endpoint.identification.algorithm': '' }
      await useEverything(t, asAdmin({ ...strange, ...trustOther, ...unchecked }))
    })
  })

  describe('a broker that is restarted', () => {
    it('gets every record once and in order', async (t) => {
      const topic = uniqueName('topic')
      const producer = startProducer(t, asAdmin())
      await producer.send([record(topic, 'first')])
      const inFlight = new Set<Promise<unknown>>()
      let restarted = false
      const restart = broker
        .kill()
        .then(() => broker.restart())
        .finally(() => {
          restarted = true
        })
      const expected = ['first']
      for (let index = 0; !restarted || index < 300; index++) {
        while (inFlight.size >= 5) await Promise.race(inFlight)
        expected.push(String(index))
        const one: Promise<unknown> = producer
          .send([record(topic, String(index))])
          .finally(() => inFlight.delete(one))
        inFlight.add(one)
      }
      await Promise.all([restart, ...inFlight])
      const values: string[] = []
      const { TopicReader } = await import('../../src/kafka/reading/topic-reader.ts')
      const reader = new TopicReader(
        systemClock,
        readerSettings(asAdmin(), systemClock),
        'reader',
        topic,
        ({ value }) => values.push(String(value)),
        recordingLog().log
      )
      await reader.start(TIMEOUT_MS)
      await reader.stop()
      assert.deepEqual(values, expected)
    })
  })
})

async function clusterId(t: TestContext, client: ClientProperties): Promise<string> {
  const admin = new KafkaAdmin(systemClock, client, 'admin')
  t.after(() => admin.close())
  return admin.clusterId()
}

function selfSigned(name: string, altName = 'IP:127.0.0.1') {
  const file = join(folder, `${name}.pem`)
  const keyFile = join(folder, `${name}.key`)
  execFileSync(
    'openssl',
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=${altName} -keyout ${keyFile} -out ${file}`.split(
      ' '
    ),
    { stdio: 'ignore' }
  )
  return { file, cert: readFileSync(file), key: readFileSync(keyFile) }
}

/** Answers unsigned tokens, which Kafka's default validator accepts. */
async function startTokenEndpoint(t: TestContext, subject: string): Promise<string> {
  const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const server = createServer((request, response) => {
    request.resume()
    const seconds = Math.floor(Date.now() / 1000)
    const claims = { sub: subject, iat: seconds, exp: seconds + 3600, scope: [] }
    response.writeHead(200, { connection: 'close' })
    response.end(
      JSON.stringify({
        access_token: `${base64({ alg: 'none' })}.${base64(claims)}.`,
        expires_in: 60
      })
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}
