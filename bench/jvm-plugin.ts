/**
 * `node bench/jvm-plugin.ts [--source URL] [--folder FOLDER]`: makes a JDBC connector for the JVM worker, to
 * compare with. Aiven's connector (Apache-2.0; it shares its origin with Confluent's) is not on Maven
 * Central, so its sources are cloned with git and compiled here (needs git and a JDK 17); Confluent's own are
 * compiled as well when `--source` names them. Drivers and Apicurio's Avro converter come by Maven. Prints
 * the folder for BENCH_JVM_PLUGIN_PATH.
 */
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findExecutable, run } from '../scripts/commands.ts'
import { fetchDependencies, kafkaJars } from '../scripts/kafka-jars.ts'

const REPOSITORY = 'https://github.com/Aiven-Open/jdbc-connector-for-apache-kafka'
const CACHE = resolve(import.meta.dirname, '..', '.cache')
const say = (text: string): void => console.error(text)

async function build(source: string, pluginPath: string): Promise<void> {
  for (const command of ['git', 'javac', 'jar']) {
    if (findExecutable(command) === null) {
      throw new Error(`\`${command}\` was not found: git and a JDK 17 are needed to compile it`)
    }
  }
  const libs = await kafkaJars(say)
  const plugin = join(pluginPath, 'jdbc')
  const avro = join(pluginPath, 'avro')
  if (!existsSync(avro)) {
    await fetchDependencies(resolve(import.meta.dirname, 'jvm', 'avro-pom.xml'), avro, say)
  }
  if (!existsSync(join(avro, 'services.jar'))) await nameConverter(avro)
  if (existsSync(join(plugin, 'connector.jar'))) return
  rmSync(plugin, { recursive: true, force: true })
  mkdirSync(pluginPath, { recursive: true })

  const folder = mkdtempSync(join(tmpdir(), 'jvm-plugin-'))
  try {
    say(`Cloning ${source} …`)
    const checkout = join(folder, 'source')
    await run('git', ['clone', '--quiet', '--depth', '1', source, checkout], 300_000)
    const isConfluent = existsSync(join(checkout, 'src', 'main', 'java', 'io', 'confluent'))
    const pom = isConfluent ? 'confluent-pom.xml' : 'pom.xml'
    await fetchDependencies(resolve(import.meta.dirname, 'jvm', pom), plugin, say)
    const classes = join(folder, 'classes')
    mkdirSync(classes)
    const java = globSync('src/main/java/**/*.java', { cwd: checkout })
    say(`Compiling ${java.length} files …`)
    const classpath = `${join(libs, '*')}:${join(plugin, '*')}`
    const javac = ['-nowarn', '--release', '17', '-cp', classpath, '-d', classes, ...java]
    await run('javac', javac, 300_000, { cwd: checkout })
    cpSync(join(checkout, 'src', 'main', 'resources'), classes, { recursive: true })
    await run('jar', ['cf', join(plugin, 'connector.jar'), '-C', classes, '.'], 60_000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Apicurio's jar does not say what it has: without that a worker has to look at every class. */
async function nameConverter(avro: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jvm-services-'))
  try {
    const services = join(folder, 'META-INF', 'services')
    mkdirSync(services, { recursive: true })
    writeFileSync(
      join(services, 'org.apache.kafka.connect.storage.Converter'),
      'io.apicurio.registry.utils.converter.AvroConverter\n'
    )
    await run('jar', ['cf', join(avro, 'services.jar'), '-C', folder, '.'], 60_000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    source: { type: 'string', default: REPOSITORY },
    folder: { type: 'string', default: join(CACHE, 'jvm-plugins') }
  }
})
const pluginPath = resolve(values.folder)
await build(values.source, pluginPath)
console.log(pluginPath)
