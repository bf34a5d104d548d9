import { parentPort } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'
import { clientSettings } from '../client/client-settings.ts'
import type { HeartbeatCommand, HeartbeatLineData, HeartbeatReport } from './heartbeat-thread.ts'
import { Heartbeat, type HeartbeatOptions, SharedInstant } from './heartbeat.ts'
import { NetworkClient } from '../client/network-client.ts'

// What runs in the thread that HeartbeatThread starts.

interface Line {
  readonly number: number
  readonly network: NetworkClient
  readonly silenceLimitMs: number
  current: { readonly id: number; readonly heartbeat: Heartbeat } | null
}

const lines = new Map<number, Line>()
let aliveAtMs = systemClock.monotonicMs()

parentPort?.on('message', (command: HeartbeatCommand) => {
  aliveAtMs = systemClock.monotonicMs()
  if (command.kind === 'alive') return
  if (command.kind === 'open') {
    lines.set(command.line, opened(command.line, command.data))
    return
  }
  const line = lines.get(command.line)
  if (line === undefined) return
  if (command.kind === 'close') close(line)
  else if (command.kind === 'begin') begin(line, command.id, optionsOf(command))
  else if (line.current?.id === command.id) line.current.heartbeat[command.kind]()
})

function opened(
  number: number,
  { client, clientId, requestTimeoutMs, silenceLimitMs }: HeartbeatLineData
): Line {
  const settings = { ...clientSettings(client, systemClock), requestTimeoutMs }
  return { number, network: new NetworkClient(settings, clientId), silenceLimitMs, current: null }
}

function close(line: Line): void {
  lines.delete(line.number)
  line.current?.heartbeat.stop()
  void line.network.close()
}

function optionsOf({
  options,
  lastAnswer
}: Extract<HeartbeatCommand, { kind: 'begin' }>): HeartbeatOptions {
  return { ...options, lastAnswer: new SharedInstant(lastAnswer) }
}

function begin(line: Line, id: number, options: HeartbeatOptions): void {
  line.current?.heartbeat.stop()
  const heartbeat = new Heartbeat(systemClock, line.network, options, {
    onReason: (reason, coordinator) =>
      parentPort?.postMessage({
        line: line.number,
        id,
        reason,
        coordinator
      } satisfies HeartbeatReport),
    isAlive: () => systemClock.monotonicMs() - aliveAtMs <= line.silenceLimitMs
  })
  line.current = { id, heartbeat }
}
