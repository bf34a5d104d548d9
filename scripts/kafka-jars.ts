import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { canInstall, findExecutable, installPackages, run } from './commands.ts'

const pom = resolve(import.meta.dirname, 'kafka', 'pom.xml')
const cache = resolve(import.meta.dirname, '..', '.cache', 'kafka')

/**
 * The Kafka release that broker, tools and JVM worker of tests and demo are taken from: the one of
 * scripts/kafka/pom.xml.
 */
export const kafkaVersion = ((): string => {
  const found = /<kafka\.version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1]
  if (found === undefined) throw new Error(`${pom} names no kafka.version`)
  return found
})()

export const kafkaLibsFolder = join(cache, kafkaVersion, 'libs')

const OTHER_WAYS = `Other ways: set KAFKA_BOOTSTRAP=host:port to use a broker you have, or run \`docker compose up\`.`

/**
 * Path of a Java 17 or newer; installs one on Debian when we are root. Rejects with what to install
 * otherwise.
 */
export async function findJava(say: (text: string) => void): Promise<string> {
  const home = process.env['JAVA_HOME']
  const folders = home === undefined ? [] : [join(home, 'bin')]
  let java = findExecutable('java', folders)
  if (java !== null && (await javaVersion(java)) >= 17) return java
  if (canInstall()) {
    say('Installing a Java 17 runtime with apt-get …')
    await installPackages([
      ['openjdk-17-jre-headless'],
      ['openjdk-21-jre-headless'],
      ['default-jre-headless']
    ])
    java = findExecutable('java')
    if (java !== null && (await javaVersion(java)) >= 17) return java
  }
  throw new Error(
    `Kafka ${kafkaVersion} needs Java 17 or newer, and ${java === null ? 'no `java` was found' : `${java} is older`}. ` +
      `Install one (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk@17 maven) ` +
      `or point JAVA_HOME at it. ${OTHER_WAYS}`
  )
}

async function javaVersion(java: string): Promise<number> {
  const text = await run(java, ['-version'], 20_000)
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? []
  return first === '1' ? Number(second) : Number(first ?? 0)
}

export async function findMaven(say: (text: string) => void): Promise<string> {
  const maven = findExecutable('mvn')
  if (maven !== null) return maven
  if (canInstall()) {
    say('Installing Maven with apt-get …')
    await installPackages([['maven']])
    const installed = findExecutable('mvn')
    if (installed !== null) return installed
  }
  throw new Error(
    `Maven (\`mvn\`) fetches Kafka's jars and was not found. Install it (Debian, Ubuntu: apt-get install maven; ` +
      `macOS: brew install maven). ${OTHER_WAYS}`
  )
}

/** Copies the dependencies of a pom into `folder`; the folder appears only when complete. */
export async function fetchDependencies(
  pomFile: string,
  folder: string,
  say: (text: string) => void
): Promise<void> {
  const maven = await findMaven(say)
  const partial = `${folder}.partial-${process.pid}`
  mkdirSync(partial, { recursive: true })
  try {
    await run(
      maven,
      [
        '-B',
        '-f',
        pomFile,
        'dependency:copy-dependencies',
        `-DoutputDirectory=${partial}`,
        '-DincludeScope=runtime'
      ],
      900_000
    )
    // Another process may have finished first: its result is as good as ours.
    if (!existsSync(folder)) renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** Folder with Kafka's jars: fetched through Maven the first time, found in .cache/ from then on. */
export async function kafkaJars(say: (text: string) => void): Promise<string> {
  const complete = existsSync(join(kafkaLibsFolder, `kafka_2.13-${kafkaVersion}.jar`))
  if (complete) return kafkaLibsFolder
  await findJava(say)
  say(`Fetching Kafka ${kafkaVersion} through Maven (about 55 MB, once) …`)
  const started = performance.now()
  await fetchDependencies(pom, kafkaLibsFolder, say)
  say(`Kafka's jars are in .cache/ (${Math.round((performance.now() - started) / 1000)} s)`)
  return kafkaLibsFolder
}
