import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Promised } from './plan.ts'
import type { Verdict } from './simulate.ts'

/** Runs the schedules of these seeds, in so many threads; `onVerdict` is told of each as it ends. */
export async function runSchedules(
  seeds: readonly number[],
  promised: Promised,
  threads: number,
  onVerdict: (verdict: Verdict) => void
): Promise<void> {
  const running = Array.from({ length: threads }, async (_, index) => {
    const mine = seeds.filter((_, place) => place % threads === index)
    const worker = new Worker(new URL('./schedules-worker.ts', import.meta.url), {
      workerData: { seeds: mine, promised, tells: seeds.length === 1 }
    })
    worker.on('message', (verdict: Verdict) => onVerdict(verdict))
    await once(worker, 'exit')
  })
  await Promise.all(running)
}

/** What a failure says: why, how to have it again, and what happened where that was asked for. */
export function tellVerdict({ seed, promised, faults, story }: Verdict): string {
  return [
    `schedule ${seed}, ${promised}:`,
    ...faults.map((fault) => `  ${fault}`),
    `  again, with its story: SEED=${seed} node --test test/simulation/sink-path.test.ts`,
    ...story
  ].join('\n')
}
