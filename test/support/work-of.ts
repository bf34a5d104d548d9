import assert from 'node:assert/strict'

/** The least CPU time of several runs, in µs: what else the machine does can only add to it. */
function cpuOf(work: () => unknown, runs: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, user + system)
  }
  return least
}

/** `LINEAR_SCALE=20` looks closer: a square with a small factor shows in long texts only. */
const SCALE = Number(process.env['LINEAR_SCALE'] ?? 1)
/** Below this a measurement says nothing: starting to run takes as long. */
const LEAST_MEASURED_US = 60_000

/**
 * I8: the time a text costs grows with its length, not with its square. Four times the text may cost at most
 * nine times as much, where a square would be sixteen; texts that cost next to nothing pass.
 */
export function assertLinear(
  what: string,
  text: (length: number) => string,
  work: (text: string) => unknown,
  length = 10_000
): void {
  const quietly = (input: string) => () => {
    try {
      work(input)
    } catch {
      // A refusal is an answer, too; it is the time that counts here.
    }
  }
  const [short, long] = [text(SCALE * length), text(4 * SCALE * length)]
  const once = cpuOf(quietly(short), 1)
  assert.ok(once < 5_000_000, `${what}: ${length} characters took ${once / 1000} ms`)
  if (cpuOf(quietly(long), 1) < LEAST_MEASURED_US) return
  let four = cpuOf(quietly(long), 4)
  if (four < LEAST_MEASURED_US) return
  const one = cpuOf(quietly(short), 6)
  const limit = 9 * Math.max(one, 1000)
  for (let again = 0; four >= limit && again < 8; again++) {
    four = Math.min(four, cpuOf(quietly(long), 1))
  }
  assert.ok(four < limit, `${what}: ${one} µs, four times as long ${four} µs`)
}

/** Texts that make a careless pattern go back over what it has read: name → text of about a length. */
export const adversarial: Record<string, (length: number) => string> = Object.fromEntries(
  [
    'a',
    ' ',
    '\\',
    '"',
    "'",
    '/',
    '.',
    '-',
    '%',
    '@',
    ':',
    '=',
    '&',
    ';',
    ',',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '\n',
    '\t',
    '$',
    '$$',
    '#',
    '?',
    '0',
    '9.',
    '1e',
    '_',
    '\u0000',
    '\ud83d\ude00',
    'é',
    'token',
    'token ',
    'password=',
    'password="',
    "password='",
    'password=\\"',
    'password: ',
    'password={',
    ';password={',
    '://',
    'a://',
    '://a:',
    '://a:b/',
    '://a:b@',
    'a:',
    'a@',
    'a@b:',
    '/*',
    '*/',
    '--',
    '-- ',
    "''",
    '""',
    '``',
    '`',
    '${',
    '${a:',
    '${a:b:',
    '${a}',
    '#{',
    '{{',
    '[[',
    '((',
    '(a',
    '(?',
    'jdbc:',
    'jdbc:oracle:',
    'jdbc:oracle:a:',
    'jdbc:oracle:a:b/',
    'jdbc:oracle:a:b/"',
    'jdbc:oracle:a:"',
    'jdbc:sqlserver://;password={',
    '"jdbc:',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    '-----END ',
    'a,',
    ', ',
    'a, ',
    'a ',
    'a\t',
    ' ,',
    '\\u',
    '\\u0041',
    '%41',
    '%',
    '+',
    '%2',
    'a=b&',
    'a=b;',
    'a=b,',
    'a=',
    '=a',
    '<',
    '>',
    '<a',
    '[1,2],',
    '[1,',
    '(1,',
    '1.0-',
    'A.',
    '$1',
    'null,',
    '[],',
    '{}',
    '{"a":',
    '[[],',
    'SELECT ',
    'JOIN ',
    'LEFT ',
    'LEFT/*',
    'FROM a ',
    'WITH a AS (',
    'a.b.',
    '"a".',
    '"a" ',
    'a"',
    "q'[",
    "E'\\",
    "N'",
    'basic ',
    'Basic a',
    'a;q=0.',
    'charset=',
    'DIRECTORY=',
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN A-----',
    'a={;',
    '(ADDRESS=',
    'a =',
    'a  ,  '
  ].map((piece) => [
    JSON.stringify(piece),
    (length: number) => piece.repeat(Math.ceil(length / piece.length))
  ])
)
// What is at an edge may be trimmed away before anything looks at it.
for (const [name, piece] of Object.entries({
  blanks: ' ',
  tabs: '\t',
  'line ends': '\n',
  quotes: "'"
})) {
  adversarial[`${name} inside`] = (length) => `a${piece.repeat(length)}b`
}

/** {@link assertLinear} for work that ends later, such as a request to a server of this process. */
export async function assertLinearRequest(
  what: string,
  text: (length: number) => string,
  work: (text: string) => Promise<unknown>,
  length: number
): Promise<void> {
  const cost = async (input: string, runs: number): Promise<number> => {
    let least = Number.POSITIVE_INFINITY
    for (let run = 0; run < runs; run++) {
      const before = process.cpuUsage()
      await work(input)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, user + system)
    }
    return least
  }
  const [short, long] = [text(SCALE * length), text(4 * SCALE * length)]
  const once = await cost(short, 1)
  assert.ok(once < 5_000_000, `${what}: ${length} characters took ${once / 1000} ms`)
  let four = await cost(long, 2)
  if (four < LEAST_MEASURED_US) return
  const one = await cost(short, 4)
  const limit = 9 * Math.max(one, 2000)
  // Whatever else this process does meanwhile counts, too: work that is linear has it to itself once in a
  // while.
  for (let again = 0; four >= limit && again < 8; again++)
    four = Math.min(four, await cost(long, 1))
  assert.ok(four < limit, `${what}: ${one} µs, four times as long ${four} µs`)
}
