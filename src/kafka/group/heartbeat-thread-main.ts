import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'
import { clientSettings } from '../client/client-settings.ts'
import type { HeartbeatCommand, HeartbeatReport, HeartbeatThreadData } from './heartbeat-thread.ts'
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import { NetworkClient } from '../client/network-client.ts'

// What runs in the thread that HeartbeatThread starts.
const { client, clientId, requestTimeoutMs, silenceLimitMs } = workerData as HeartbeatThreadData
const network = new NetworkClient(
  { ...clientSettings(client, systemClock), requestTimeoutMs },
  clientId
)
let aliveAtMs = systemClock.monotonicMs()
let current: { readonly id: number; readonly heartbeat: Heartbeat } | null = null

parentPort?.on('message', (command: HeartbeatCommand) => {
  aliveAtMs = systemClock.monotonicMs()
  if (command.kind === 'begin') begin(command.id, command.options)
  else if (command.kind !== 'alive' && current?.id === command.id) current.heartbeat[command.kind]()
})

function begin(id: number, options: HeartbeatOptions): void {
  current?.heartbeat.stop()
  const heartbeat = new Heartbeat(systemClock, network, options, {
    onReason: (reason, coordinator) =>
      parentPort?.postMessage({ id, reason, coordinator } satisfies HeartbeatReport),
    isAlive: () => systemClock.monotonicMs() - aliveAtMs <= silenceLimitMs
  })
  current = { id, heartbeat }
}
