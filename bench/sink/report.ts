import { availableParallelism, totalmem } from 'node:os'
import { median } from '../median.ts'
import type { SinkMeasurement } from './measure.ts'

const LINES: readonly [keyof SinkMeasurement, string, 'higher' | 'lower', number][] = [
  ['rowsPerSecond', 'rows/s, first to last row', 'higher', 0],
  ['rowsPerSecondWall', 'rows/s, from POST to last row', 'higher', 0],
  ['cpuPerMillion', 'CPU seconds per million rows', 'lower', 1],
  ['peakResidentMb', 'peak resident MB', 'lower', 0]
]
const WIDTH = 16

/** Medians of each, and how many times better the first one is than each of the others. */
export function report(
  title: string,
  repeat: number,
  results: ReadonlyMap<string, readonly SinkMeasurement[]>
): void {
  const [first, ...others] = [...results]
  if (first === undefined) return
  console.log(
    `\n${title}, ${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GB, medians of ${repeat}`
  )
  const heads = [first[0], ...others.flatMap(([name]) => [name, 'better by'])]
  console.log(`${''.padEnd(32)}${heads.map((head) => head.padStart(WIDTH)).join('')}`)
  for (const [key, label, better, digits] of LINES) {
    const medianOf = (measured: readonly SinkMeasurement[]): number =>
      median(measured.map((one) => one[key]))
    const ours = medianOf(first[1])
    const cells = others.flatMap(([, measured]) => {
      const theirs = medianOf(measured)
      const ratio = better === 'higher' ? ours / theirs : theirs / ours
      return [theirs.toFixed(digits), `${ratio.toFixed(2)} ×`]
    })
    const all = [ours.toFixed(digits), ...cells]
    console.log(`${label.padEnd(32)}${all.map((cell) => cell.padStart(WIDTH)).join('')}`)
  }
  console.log('')
}
