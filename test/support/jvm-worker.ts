import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, startServer } from '../../scripts/server-process.ts'
import { kafkaBootstrap, kafkaLibs } from './environment.ts'

export interface JvmWorker {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
  kill(): Promise<void>
}

const LOG4J2 = `rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
`

/** A real Kafka Connect worker on the suite's broker; `properties` beside or instead of the ones below. */
export async function startJvmWorker(
  properties: Readonly<Record<string, string>>
): Promise<JvmWorker> {
  const dir = mkdtempSync(join(tmpdir(), 'jvm-worker-'))
  const [port] = (await freePorts(1)) as [number]
  mkdirSync(join(dir, 'plugins'))
  const all: Record<string, string> = {
    'bootstrap.servers': kafkaBootstrap(),
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.flush.interval.ms': '200',
    'plugin.path': join(dir, 'plugins'),
    listeners: `http://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    ...properties
  }
  const file = join(dir, 'worker.properties')
  writeFileSync(
    file,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
  )
  writeFileSync(join(dir, 'log4j2.properties'), LOG4J2)
  const url = `http://127.0.0.1:${port}`
  const server = await startServer({
    name: 'The JVM worker',
    command: 'java',
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`,
      '-cp',
      join(kafkaLibs(), '*'),
      'org.apache.kafka.connect.cli.ConnectDistributed',
      file
    ],
    cwd: dir,
    logTo: join(dir, 'worker.log'),
    ready: async () => (await fetch(`${url}/health`)).status === 200,
    stopTimeoutMs: 20_000
  })
  const clean = (): void => rmSync(dir, { recursive: true, force: true })
  return {
    url,
    pid: server.pid,
    stop: () => server.stop().finally(clean),
    kill: () => server.kill().finally(clean)
  }
}
