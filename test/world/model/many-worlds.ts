import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Verdict } from './world.ts'

/** Lives the worlds of these seeds, in so many threads; `onVerdict` is told of each as it ends. */
export async function liveModelWorlds(
  seeds: readonly number[],
  threads: number,
  onVerdict: (verdict: Verdict) => void
): Promise<void> {
  const running = Array.from({ length: threads }, async (_, index) => {
    const mine = seeds.filter((_, place) => place % threads === index)
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: { seeds: mine }
    })
    worker.on('message', (verdict: Verdict) => onVerdict(verdict))
    await once(worker, 'exit')
  })
  await Promise.all(running)
}

/** What a failure says: why, how to have it again, and what happened. */
export function tellVerdict({ seed, faults, story }: Verdict): string {
  return [
    `the world of seed ${seed}:`,
    ...faults.map((fault) => `  ${fault}`),
    `  again: npm run world -- --database model --seed ${seed}`,
    story
  ].join('\n')
}
