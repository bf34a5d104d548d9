// Plain JavaScript that old Node versions can parse: it is what tells them that they are too old.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync } from 'node:fs'
import module from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = [24, 12]
// A young generation this small costs a few collections more and saves a quarter of the memory.
const NODE_OPTIONS = ['--max-semi-space-size=8']
const root = dirname(dirname(fileURLToPath(import.meta.url)))
// Node strips types everywhere but below node_modules; an installed package brings the compiled files.
const source = join(root, 'src', 'main.ts')
const isCheckout = existsSync(source) && !root.split(sep).includes('node_modules')
const mainFile = isCheckout ? source : join(root, 'dist', 'main.js')

/**
 * Runs the worker in this process, or in the checkout's own Node when this one is too old; ends the process.
 */
export async function startWorker(argv) {
  if (!isNewEnough(process.versions.node)) {
    const own = join(root, 'node_modules', '.bin', 'node')
    if (isCheckout && existsSync(own)) return runIn(own, argv)
    console.error(
      `This worker needs Node ${NEEDED.join('.')} or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
        (isCheckout
          ? 'Run `npm ci` in the checkout: it brings its own Node.'
          : 'Install a newer Node and start it with that one.')
    )
    process.exitCode = 1
    return
  }
  // Before the first file of the worker: what is in the cache needs no compiler, which would stay in memory.
  module.enableCompileCache()
  const { run } = await import(pathToFileURL(mainFile).href)
  await run(argv)
}

/** What the JVM scripts do: `[-daemon] file …`; without a file the usage and exit code 1. */
export async function startLikeScript(name, option, usage, argv) {
  const daemon = argv[0] === '-daemon'
  const files = daemon ? argv.slice(1) : argv
  if (files.length === 0 || files[0] === '--help') {
    console.error(`USAGE: ${name} [-daemon] ${usage}`)
    process.exitCode = 1
    return
  }
  if (daemon) return startInBackground(name, [option, ...files])
  return startWorker([option, ...files])
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

function runIn(node, argv) {
  const child = spawn(node, [...NODE_OPTIONS, join(root, 'bin', 'worker.js'), ...argv], {
    stdio: 'inherit'
  })
  // A terminal's Ctrl-C reaches the child by itself; what a supervisor sends must be handed on.
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.exitCode = signal === null ? code : 1
      resolve()
    })
  })
}

function startInBackground(name, argv) {
  const folder = process.env.LOG_DIR || 'logs'
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.out`)
  const log = openSync(file, 'a')
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, join(root, 'bin', 'worker.js'), ...argv],
    {
      detached: true,
      stdio: ['ignore', log, log]
    }
  )
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => {
      child.unref()
      console.log(`Started as process ${child.pid}, writing to ${file}`)
      resolve()
    })
  })
}
