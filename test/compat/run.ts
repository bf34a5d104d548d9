/**
 * `npm run compat`: puts every case of the table in test/transforms to Kafka's own classes in a JVM and to
 * ours, prints what came out, class by class, and ends with 1 when anything differs that may not. Then the
 * comparisons of converters, date patterns and regular expressions run. `npm test` holds the same cases one
 * by one.
 */
import { resolve } from 'node:path'
import { inspect, styleText } from 'node:util'
import { runVisibly } from '../../scripts/commands.ts'
import { kafkaJars, kafkaVersion } from '../../scripts/kafka-jars.ts'
import {
  comparedCases,
  type Comparison,
  type Comparisons,
  compareTransforms,
  transformPlugins,
  type Verdict
} from '../transforms/comparison.ts'

const FEWEST_CASES = 150
const FURTHER = [
  'test/converters/jvm.test.ts',
  'test/transforms/java/date-format.test.ts',
  'test/config/java-regex.test.ts'
]

type Counts = Record<Verdict, number>

/** Class name → what became of its cases. */
function counted({ cases, keys }: Comparisons): Map<string, Counts> {
  const table = new Map<string, Counts>()
  const count = (name: string, { verdict }: Comparison): void => {
    const counts = table.get(name) ?? { equal: 0, allowed: 0, different: 0 }
    counts[verdict] += 1
    table.set(name, counts)
  }
  for (const [index, one] of comparedCases.entries()) count(one.class, cases[index] as Comparison)
  for (const [index, { className }] of transformPlugins.entries()) {
    count(className.replace('org.apache.kafka.connect.transforms.', ''), keys[index] as Comparison)
  }
  return table
}

function row(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(34) + cells.map((cell) => String(cell).padStart(11)).join('')
}

function tableText(table: ReadonlyMap<string, Counts>): string {
  const total: Counts = { equal: 0, allowed: 0, different: 0 }
  const lines = [row(`Kafka ${kafkaVersion}`, ['cases', 'equal', 'allowed', 'different'])]
  const add = (name: string, { equal, allowed, different }: Counts): void => {
    const text = row(name, [equal + allowed + different, equal, allowed, different])
    lines.push(different > 0 ? styleText('red', text) : text)
  }
  for (const [name, counts] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(name, counts)
    for (const verdict of ['equal', 'allowed', 'different'] as const) {
      total[verdict] += counts[verdict]
    }
  }
  add('all', total)
  return lines.join('\n')
}

/** How often each reason for a difference on purpose was met. */
function allowedText({ cases }: Comparisons): string {
  const reasons = new Map<string, number>()
  for (const [index, { verdict }] of cases.entries()) {
    const because = comparedCases[index]?.ours?.because
    if (verdict === 'allowed' && because !== undefined) {
      reasons.set(because, (reasons.get(because) ?? 0) + 1)
    }
  }
  return [...reasons]
    .map(([because, times]) => `${String(times).padStart(5)}  ${because}`)
    .join('\n')
}

function differencesText({ cases, keys }: Comparisons): string {
  const of = (name: string, input: unknown, { jvm, ours, verdict }: Comparison): string[] =>
    verdict === 'different' ? [`${name} ${inspect({ input, jvm, ours }, { depth: 12 })}`] : []
  return [
    ...cases.flatMap((result, index) => {
      const one = comparedCases[index]
      return of(one?.class ?? '', { config: one?.config, record: one?.record }, result)
    }),
    ...keys.flatMap((result, index) => of(transformPlugins[index]?.className ?? '', 'keys', result))
  ].join('\n')
}

async function main(): Promise<number> {
  process.chdir(resolve(import.meta.dirname, '..', '..'))
  process.env['TEST_KAFKA_LIBS'] ??= await kafkaJars(console.log)
  const comparisons = await compareTransforms()
  const table = counted(comparisons)
  console.log(`Transformations and predicates, record by record and setting by setting:\n`)
  console.log(tableText(table))
  console.log(`\nAllowed differences, and why:\n${allowedText(comparisons)}`)
  const differences = differencesText(comparisons)
  if (differences !== '') console.error(`\nDifferent, and may not be:\n${differences}`)
  if (comparedCases.length < FEWEST_CASES) console.error(`Fewer than ${FEWEST_CASES} cases`)

  console.log('\nConverters, date patterns and regular expressions:')
  const further = await runVisibly(process.execPath, ['--test', '--test-reporter=dot', ...FURTHER])
  console.log(further === 0 ? '\nThe same.' : '\nNot the same.')
  return differences === '' && comparedCases.length >= FEWEST_CASES ? further : 1
}

process.exitCode = await main()
