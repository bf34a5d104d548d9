import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, type RawAnswer } from './rest-exchange.ts'
import type { Scenario, Step } from './rest-script.ts'

/** An answer with what changes from run to run replaced by `<dir>`, `<worker>`, `<time>`, … */
export interface Answer {
  status: number
  /** content-type, location and allow, as far as present. */
  headers: Record<string, string>
  /** Parsed JSON (integers beyond 2^53 as `<integer …>`), or the text. */
  body: unknown
}

interface RecordedStep {
  name: string
  request: { method: string; path: string; headers?: Readonly<Record<string, string>> }
  answer: Answer
}

export interface Recording {
  scenario: string
  steps: RecordedStep[]
}

const WAIT_MS = 60_000
const MOMENTARY = /rebalance|stale configuration|no known leader/

/** Runs one scenario against a worker. `dir` is a folder the worker can read. */
export async function runScenario(
  base: string,
  scenario: Scenario,
  dir: string
): Promise<Recording> {
  await mkdir(dir, { recursive: true })
  for (const [name, text] of Object.entries(scenario.files ?? {})) {
    await writeFile(join(dir, name), text)
  }
  const steps: RecordedStep[] = []
  for (const step of scenario.steps) {
    const answer = await runStep(base, step, dir)
    if (step.silent === true) continue
    steps.push({
      name: step.name,
      request: {
        method: step.method,
        path: step.path,
        ...(step.headers === undefined ? {} : { headers: step.headers })
      },
      answer: normalised(answer, base, dir)
    })
  }
  return { scenario: scenario.name, steps }
}

async function runStep(base: string, step: Step, dir: string): Promise<RawAnswer> {
  const fill = (text: string) => text.replaceAll('${dir}', dir)
  const body = typeof step.body === 'string' ? fill(step.body) : step.body
  const deadline = performance.now() + (step.waitMs ?? WAIT_MS)
  let held = 0
  for (;;) {
    const answer = await exchange(base, {
      method: step.method,
      path: fill(step.path),
      ...(step.headers === undefined ? {} : { headers: step.headers }),
      ...(body === undefined ? {} : { body })
    })
    const momentary = answer.status === 409 && MOMENTARY.test(answer.text)
    held = !momentary && satisfied(step, answer) ? held + 1 : 0
    if (held >= (step.holds ?? 1) || performance.now() > deadline) return answer
    await delay(100)
  }
}

function satisfied({ until }: Step, answer: RawAnswer): boolean {
  if (until === undefined) return true
  return (
    (until.status === undefined || until.status === answer.status) &&
    (until.contains ?? []).every((part) => answer.text.includes(part)) &&
    !(until.without ?? []).some((part) => answer.text.includes(part))
  )
}

function normalised(answer: RawAnswer, base: string, dir: string): Answer {
  const steady = (text: string) =>
    text.replaceAll(new URL(base).host, '<worker>').replaceAll(dir, '<dir>')
  const headers: Record<string, string> = {}
  for (const name of ['content-type', 'location', 'allow']) {
    const value = answer.headers[name]
    if (typeof value === 'string') headers[name] = steady(value)
  }
  return { status: answer.status, headers, body: parsed(steady(answer.text)) }
}

const VOLATILE: Readonly<Record<string, string>> = {
  kafka_cluster_id: '<cluster>',
  commit: '<commit>',
  last_modified: '<time>',
  worker_id: '<worker>'
}

function parsed(text: string): unknown {
  const html = /<tr><th>MESSAGE:<\/th><td>(.*?)<\/td>/.exec(text)
  if (html !== null) return `<html: ${html[1]}>`
  try {
    return JSON.parse(text, (key, value: unknown, context?: { source?: string }) => {
      if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return `<integer ${context?.source}>`
      }
      if (key === 'trace' && typeof value === 'string') return '<trace>'
      const steady = VOLATILE[key]
      return steady !== undefined && Object.hasOwn(VOLATILE, key) && value !== null ? steady : value
    })
  } catch {
    return text
  }
}
