import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const BAD_CLASS = 'example.BadSourceConnector'

/**
 * A plugin as other people write them. What its connector (`connector.does`) and its task (`does`) do beside
 * their work: `reject` a promise nobody awaits, `throw` out of a timer, `emit` an error nobody hears,
 * `linger` behind a timer and a stop that never ends. Answers the plugin path.
 */
export function badPlugin(dir: string): string {
  const folder = join(dir, 'bad-plugin')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'bad-plugin',
      version: '1.0.0',
      type: 'module',
      kafkaConnect: { plugins: './plugins.js' }
    })
  )
  writeFileSync(
    join(folder, 'plugins.js'),
    `import { EventEmitter } from 'node:events'
const misbehave = (what) => {
  const error = () => new Error('stray password=hunter2hunter2')
  if (what === 'reject') setTimeout(() => void Promise.reject(error()), 20)
  if (what === 'throw') setTimeout(() => { throw error() }, 20)
  if (what === 'emit') setTimeout(() => new EventEmitter().emit('error', error()), 20)
  if (what === 'linger') setInterval(() => {}, 1000)
}
const stop = (what) => (what === 'linger' ? new Promise(() => {}) : undefined)
export const plugins = {
  type: 'source',
  className: '${BAD_CLASS}',
  taskClassName: 'example.BadSourceTask',
  version: '1.0.0',
  config: {},
  create(config) {
    const does = config.get('connector.does')
    return {
      start: () => misbehave(does),
      taskConfigs: () => [config],
      stop: () => stop(does)
    }
  },
  createTask(config) {
    const does = config.get('does')
    return {
      start: () => misbehave(does),
      poll: () => new Promise((resolve) => setTimeout(() => resolve(null), 20)),
      stop: () => stop(does)
    }
  }
}
`
  )
  return dir
}
