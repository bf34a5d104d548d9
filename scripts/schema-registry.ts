import { existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from './commands.ts'
import { findJava, findMaven } from './kafka-jars.ts'
import { freePorts, startServer } from './server-process.ts'

/** The last Apicurio Registry that runs on Java 17. */
const VERSION = '2.6.13.Final'
const folder = resolve(import.meta.dirname, '..', '.cache', 'apicurio', VERSION)

interface SchemaRegistryServer {
  /** Base of the Confluent-compatible interface, without a slash at the end. */
  readonly url: string
  stop(): Promise<void>
}

/** Folder of the unpacked registry: fetched through Maven the first time, found in .cache/ from then on. */
async function registryFiles(say: (text: string) => void): Promise<string> {
  if (existsSync(folder)) return folder
  const maven = await findMaven(say)
  say(`Fetching the schema registry Apicurio ${VERSION} through Maven (142 MB, once) …`)
  const partial = `${folder}.partial-${process.pid}`
  mkdirSync(partial, { recursive: true })
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
    const copy = [
      '-B',
      '-q',
      'dependency:copy',
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${partial}`
    ]
    await run(maven, copy, 900_000, { cwd: partial })
    const [archive] = globSync('*.tar.gz', { cwd: partial })
    if (archive === undefined) throw new Error(`Maven brought no archive of Apicurio ${VERSION}`)
    await run('tar', ['-xzf', join(partial, archive), '-C', partial], 120_000)
    rmSync(join(partial, archive))
    // Another process may have finished first: its result is as good as ours.
    if (!existsSync(folder)) renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return folder
}

/**
 * A registry on a loopback port that keeps everything in memory. Rejects with the end of its log when it does
 * not come up.
 */
export async function startSchemaRegistry(options: {
  /** File that receives its log. */
  readonly logTo: string
  readonly say: (text: string) => void
  /** A free one without it. */
  readonly port?: number
}): Promise<SchemaRegistryServer> {
  const files = await registryFiles(options.say)
  const java = await findJava(options.say)
  const [free] = (await freePorts(1)) as [number]
  const port = options.port ?? free
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const server = await startServer({
    name: 'The schema registry',
    command: java,
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-jar',
      join(files, `apicurio-registry-app-${VERSION}-runner.jar`)
    ],
    cwd: files,
    logTo: options.logTo,
    ready: async () =>
      (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) })).status === 200,
    stopTimeoutMs: 10_000
  })
  return { url, stop: () => server.stop() }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string' } } })
  const registry = await startSchemaRegistry({
    logTo: join(folder, '..', 'registry.log'),
    say: console.log,
    ...(values.port !== undefined && { port: Number(values.port) })
  })
  console.log(`TEST_SCHEMA_REGISTRY_URL=${registry.url}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void registry.stop().finally(() => process.exit(0)))
  }
  // The server is a child process; this one stays until it is told to end.
  setInterval(() => undefined, 60_000)
}
