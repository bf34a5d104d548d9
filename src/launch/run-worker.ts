import { once } from 'node:events'
import { type Command, JVM_VARIABLES } from './command-line.ts'
import { heapLimitSentence } from './heap-limit.ts'
import { messageOf } from '../errors.ts'
import { loggers } from '../log.ts'
import type { RunningWorker } from './running-worker.ts'
import { startDistributed } from './start-distributed.ts'
import { ConnectorStartError, startStandalone } from './start-standalone.ts'
import { watchStrayErrors } from './stray-errors.ts'
import { workerProperties } from './worker-file.ts'
import { abortable } from '../wait.ts'

const EXIT_FAILED_WHILE_RUNNING = 1
const EXIT_NOT_STARTED = 2
const EXIT_CONNECTOR_NOT_STARTED = 3

/**
 * Starts a worker, waits until it is asked to end or fails, stops it; resolves with the exit code. Never
 * rejects.
 */
export async function runWorker(
  command: Extract<Command, { kind: 'distributed' | 'standalone' }>
): Promise<number> {
  const log = loggers.get('org.apache.kafka.connect.cli.AbstractConnectCli')
  const failed = new AbortController()
  const onFatal = (error: Error): void => failed.abort(error)
  const signals = listenForSignals()
  watchStrayErrors(log, onFatal)
  let worker: RunningWorker
  try {
    useJvmVariables()
    const properties = await workerProperties(command.file, command.overrides)
    const options = { properties, onFatal, stopping: signals.asked }
    const starting =
      command.kind === 'distributed'
        ? startDistributed(options)
        : startStandalone({ ...options, connectorFiles: command.connectors })
    worker = await abortable(starting, failed.signal)
  } catch (error) {
    signals.dispose()
    if (signals.asked.aborted) return 0
    log.error('Stopping due to error', { error })
    process.stderr.write(`Stopping due to error: ${messageOf(error)}\n`)
    return error instanceof ConnectorStartError ? EXIT_CONNECTOR_NOT_STARTED : EXIT_NOT_STARTED
  }
  log.info(`Kafka Connect worker started; REST listens on ${worker.urls.join(', ')}`)
  const ended = AbortSignal.any([signals.asked, failed.signal])
  if (!ended.aborted) await once(ended, 'abort')
  const isFailure = ended.reason instanceof Error
  if (isFailure) log.error('The worker failed and ends', { error: ended.reason })
  log.info('Kafka Connect stopping')
  await worker.stop()
  log.info('Kafka Connect stopped')
  signals.dispose()
  return isFailure ? EXIT_FAILED_WHILE_RUNNING : 0
}

/** The first SIGTERM or SIGINT asks for a clean end, the second one forces it. */
function listenForSignals(): { asked: AbortSignal; dispose(): void } {
  const asked = new AbortController()
  let count = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    count += 1
    if (count > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
    asked.abort(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return {
    asked: asked.signal,
    dispose() {
      process.off('SIGTERM', onSignal)
      process.off('SIGINT', onSignal)
    }
  }
}

function useJvmVariables(): void {
  const log = loggers.get('org.apache.kafka.connect.cli.AbstractConnectCli')
  const limit = heapLimitSentence()
  if (limit !== null) log.info(limit)
  const idle = JVM_VARIABLES.filter((name) => (process.env[name] ?? '') !== '')
  if (idle.length > 0)
    log.info(`Variables of the JVM scripts without effect here: ${idle.join(', ')}`)
}
