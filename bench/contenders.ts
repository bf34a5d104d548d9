import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findJava, kafkaJars } from '../scripts/kafka-jars.ts'
import { freePorts, type ServerProcess, startServer } from '../scripts/server-process.ts'

/** A worker process being measured. */
export interface RunningWorker {
  readonly url: string
  readonly pid: number
  /** From the start of the process until GET /health answered 200. */
  readonly readySeconds: number
  stop(): Promise<void>
}

export interface Contender {
  readonly name: string
  /** `registry`: base of the Confluent interface; values are Avro then, otherwise JSON without schemas. */
  start(bootstrap: string, folder: string, run: string, registry?: string): Promise<RunningWorker>
}

const root = resolve(import.meta.dirname, '..')

/** This project's worker, from its sources, as `npm start` runs it. */
export const nodeWorker: Contender = {
  name: 'this worker',
  start: (bootstrap, folder, run, registry) =>
    startWorker(bootstrap, folder, run, ourAvro(registry), async (file) => ({
      command: process.execPath,
      args: ['--max-semi-space-size=8', join(root, 'bin', 'worker.js'), '--distributed', file]
    }))
}

/** Kafka's own worker with the heap and collector its start script gives it; `settings`: more of its file. */
export function jvmWorker(
  pluginPath: string,
  settings: Readonly<Record<string, string>> = {}
): Contender {
  return {
    name: 'JVM worker',
    start: (bootstrap, folder, run, registry) =>
      startWorker(
        bootstrap,
        folder,
        run,
        new Map([
          ['plugin.path', resolve(pluginPath)],
          ...apicurioAvro(registry),
          ...Object.entries(settings)
        ]),
        async (file) => {
          const libs = await kafkaJars(() => undefined)
          const log4j = join(folder, 'log4j2.properties')
          writeFileSync(
            log4j,
            'rootLogger.level=info\nrootLogger.appenderRef.c.ref=c\nappender.c.type=Console\nappender.c.name=c\n' +
              'appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=[%d] %p %m (%c)%n\n'
          )
          return {
            command: await findJava(() => undefined),
            args: [
              '-Xms256M',
              '-Xmx2G',
              '-server',
              '-XX:+UseG1GC',
              '-XX:MaxGCPauseMillis=20',
              '-XX:InitiatingHeapOccupancyPercent=35',
              '-XX:+ExplicitGCInvokesConcurrent',
              `-Dlog4j2.configurationFile=${log4j}`,
              '-cp',
              join(libs, '*'),
              'org.apache.kafka.connect.cli.ConnectDistributed',
              file
            ]
          }
        }
      )
  }
}

function ourAvro(registry: string | undefined): ReadonlyMap<string, string> {
  if (registry === undefined) return new Map()
  return new Map([
    ['value.converter', 'io.confluent.connect.avro.AvroConverter'],
    ['value.converter.schema.registry.url', registry]
  ])
}

/**
 * Confluent's converter is not on Maven Central; Apicurio's has its schema mapping, and writes the same
 * records when told so.
 */
function apicurioAvro(registry: string | undefined): ReadonlyMap<string, string> {
  if (registry === undefined) return new Map()
  return new Map([
    ['value.converter', 'io.apicurio.registry.utils.converter.AvroConverter'],
    [
      'value.converter.apicurio.registry.url',
      registry.replace('/apis/ccompat/v7', '/apis/registry/v2')
    ],
    ['value.converter.apicurio.registry.auto-register', 'true'],
    ['value.converter.apicurio.registry.find-latest', 'true'],
    ['value.converter.apicurio.registry.as-confluent', 'true']
  ])
}

async function startWorker(
  bootstrap: string,
  folder: string,
  run: string,
  more: ReadonlyMap<string, string>,
  command: (file: string) => Promise<{ command: string; args: string[] }>
): Promise<RunningWorker> {
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, `${run}.properties`)
  writeFileSync(file, workerProperties(bootstrap, url, run, more))
  const program = await command(file)
  const started = performance.now()
  const server: ServerProcess = await startServer({
    ...program,
    name: `The worker of ${run}`,
    logTo: join(folder, `${run}.log`),
    ready: async () => (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })).ok,
    stopTimeoutMs: 20_000
  })
  const readySeconds = (performance.now() - started) / 1000
  return { url, pid: server.pid, readySeconds, stop: () => server.stop() }
}

function workerProperties(
  bootstrap: string,
  url: string,
  run: string,
  more: ReadonlyMap<string, string>
): string {
  const properties = new Map([
    ['bootstrap.servers', bootstrap],
    ['group.id', run],
    ['listeners', url],
    ['key.converter', 'org.apache.kafka.connect.json.JsonConverter'],
    ['key.converter.schemas.enable', 'false'],
    ['value.converter', 'org.apache.kafka.connect.json.JsonConverter'],
    ['value.converter.schemas.enable', 'false'],
    ['offset.flush.interval.ms', '10000']
  ])
  for (const store of ['config', 'offset', 'status']) {
    properties.set(`${store}.storage.topic`, `${run}-${store}`)
    properties.set(`${store}.storage.replication.factor`, '1')
  }
  return [...properties, ...more].map(([key, value]) => `${key}=${value}\n`).join('')
}
