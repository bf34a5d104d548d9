import { readFileSync } from 'node:fs'

/** Clock ticks per second in /proc; Linux has used 100 on every platform Node runs on. */
const TICKS_PER_SECOND = 100

interface Usage {
  /** User and system time since the process began. */
  readonly cpuSeconds: number
  readonly residentMb: number
  readonly peakResidentMb: number
}

/** What the kernel says of a process (Linux). */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in parentheses and may hold spaces; utime and stime are the 14th
  // and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentMb: kilobytes('VmRSS') / 1024,
    peakResidentMb: kilobytes('VmHWM') / 1024
  }
}
