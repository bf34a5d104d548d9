import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { run } from './commands.ts'
import { findJava, kafkaJars, kafkaLibsFolder } from './kafka-jars.ts'
import { freePorts, type ServerProcess, startServer } from './server-process.ts'

interface BrokerOptions {
  /** Folder of this broker: properties and data. Data found there are used again. */
  readonly dir: string
  /** Port of the client listener on 127.0.0.1; a free one when not given. */
  readonly port?: number
  /** File that receives the broker's log. */
  readonly logTo: string
  /** Default 512. */
  readonly heapMb?: number
  /**
   * Start in half the time but run slower under load (only the first JIT compiler). Default true;
   * measurements say false.
   */
  readonly quickStart?: boolean
  /** Properties beside or instead of the ones below. */
  readonly properties?: ReadonlyMap<string, string>
  readonly say?: (text: string) => void
  /** Join the cluster of a broker that was started before instead of being one. */
  readonly joins?: Pick<Broker, 'clusterId' | 'controllerPort'> & { readonly nodeId: number }
}

export interface Broker {
  /** host:port */
  readonly bootstrap: string
  readonly clusterId: string
  readonly controllerPort: number
  /** Changes with `restart`. */
  readonly pid: number
  stop(): Promise<void>
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>
  /** Starts it again after `stop` or `kill`, on the same port with the same data. */
  restart(): Promise<void>
}

/**
 * One KRaft broker, with its own controller unless it joins another, on loopback ports. Rejects with the end
 * of its log when it does not come up.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const say = options.say ?? (() => undefined)
  const libs = await kafkaJars(say)
  const java = await findJava(say)
  const dir = resolve(options.dir)
  const [free, freeToo] = (await freePorts(2)) as [number, number]
  const port = options.port ?? free
  const member = options.joins ?? { nodeId: 1, controllerPort: freeToo, clusterId: newId() }
  const { controllerPort } = member
  mkdirSync(join(dir, 'data'), { recursive: true })
  writeFileSync(join(dir, 'log4j2.properties'), LOG4J2)
  const properties = join(dir, 'broker.properties')
  const joining = options.joins === undefined ? [] : membership(port, member.nodeId)
  const all = new Map([...joining, ...(options.properties ?? [])])
  writeFileSync(properties, brokerProperties(dir, port, controllerPort, all))
  const classpath = join(libs, '*')
  const clusterId = await formatStorage(java, classpath, dir, properties, member)

  const start = (): Promise<ServerProcess> =>
    startServer({
      name: 'The Kafka broker',
      command: java,
      args: [
        `-Xmx${options.heapMb ?? 512}m`,
        ...(options.quickStart === false ? [] : ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']),
        `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`,
        '-cp',
        classpath,
        'kafka.Kafka',
        properties
      ],
      cwd: dir,
      logTo: options.logTo,
      ready: () => accepts(port),
      stopTimeoutMs: 15_000
    })
  let server = await start()
  return {
    bootstrap: `127.0.0.1:${port}`,
    clusterId,
    controllerPort,
    get pid() {
      return server.pid
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    async restart() {
      server = await start()
    }
  }
}

const LOG4J2 = `rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
`

function brokerProperties(
  dir: string,
  port: number,
  controllerPort: number,
  more: ReadonlyMap<string, string> = new Map()
): string {
  const properties = new Map([
    ['process.roles', 'broker,controller'],
    ['node.id', '1'],
    ['controller.quorum.voters', `1@127.0.0.1:${controllerPort}`],
    ['listeners', `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`],
    ['controller.listener.names', 'CONTROLLER'],
    ['listener.security.protocol.map', 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT'],
    ['log.dirs', join(dir, 'data')],
    ['offsets.topic.replication.factor', '1'],
    ['offsets.topic.num.partitions', '5'],
    ['transaction.state.log.replication.factor', '1'],
    ['transaction.state.log.min.isr', '1'],
    ['transaction.state.log.num.partitions', '5'],
    ['share.coordinator.state.topic.replication.factor', '1'],
    ['share.coordinator.state.topic.min.isr', '1'],
    // The broker's own default makes the first member of every group wait three seconds for others.
    ['group.initial.rebalance.delay.ms', '0'],
    // After a crash the controller waits this long before it lets the same broker in again (nine seconds by
    // default).
    ['broker.session.timeout.ms', '3000'],
    ['broker.heartbeat.interval.ms', '500'],
    ...more
  ])
  return [...properties].map(([key, value]) => `${key}=${value}\n`).join('')
}

/** What a broker without a controller says differently. */
function membership(port: number, nodeId: number): [string, string][] {
  return [
    ['process.roles', 'broker'],
    ['node.id', String(nodeId)],
    ['listeners', `PLAINTEXT://127.0.0.1:${port}`]
  ]
}

/**
 * Kafka formats a data folder once. That costs the start of a JVM, so the result is kept beside the jars and
 * copied for the next new broker, with the id of its cluster. Answers that id.
 */
async function formatStorage(
  java: string,
  classpath: string,
  dir: string,
  properties: string,
  { clusterId, nodeId }: { readonly clusterId: string; readonly nodeId: number }
): Promise<string> {
  const data = join(dir, 'data')
  const meta = join(data, 'meta.properties')
  if (existsSync(meta)) return /^cluster\.id=(.*)$/m.exec(readFileSync(meta, 'utf8'))?.[1] ?? ''
  const checkpoint = join(kafkaLibsFolder, '..', 'bootstrap.checkpoint')
  if (existsSync(checkpoint)) {
    copyFileSync(checkpoint, join(data, 'bootstrap.checkpoint'))
    writeFileSync(
      meta,
      `version=1\nnode.id=${nodeId}\ndirectory.id=${newId()}\ncluster.id=${clusterId}\n`
    )
    return clusterId
  }
  const format = ['format', '-t', clusterId, '-c', properties]
  await run(
    java,
    ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classpath, 'kafka.tools.StorageTool', ...format],
    300_000
  )
  copyFileSync(join(data, 'bootstrap.checkpoint'), checkpoint)
  return clusterId
}

/** 16 random bytes as Kafka writes them: base64url without padding, no leading dash. */
function newId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newId() : id
}

/** Whether something accepts connections on that loopback port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolvePromise) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const answer = (value: boolean): void => {
      socket.destroy()
      resolvePromise(value)
    }
    socket.setTimeout(1000, () => answer(false))
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
