import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve, sep } from 'node:path'
import { describe, it } from 'node:test'

const root = resolve(import.meta.dirname, '..')

/**
 * Which room may import which. `errors.ts`, `log.ts`, `clock.ts`, `wait.ts`, `small-file.ts` and `secrets/`
 * are open to all. ARCHITECTURE.md shows the same table.
 */
const mayImport: Record<string, readonly string[]> = {
  secrets: [],
  data: [],
  config: [],
  tls: [],
  plugin: ['data', 'config'],
  settings: ['plugin', 'config', 'tls'],
  converters: ['plugin', 'data', 'config', 'tls'],
  transforms: ['plugin', 'data', 'config'],
  'connectors/file-stream': ['plugin', 'data', 'config'],
  'connectors/jdbc': ['plugin', 'data', 'config', 'tls'],
  kafka: ['settings', 'tls'],
  storage: ['kafka', 'data'],
  tasks: ['storage', 'kafka', 'settings', 'plugin', 'data', 'config'],
  worker: ['tasks', 'storage', 'kafka', 'settings', 'plugin', 'data', 'config'],
  validation: ['settings', 'plugin', 'config'],
  herder: ['validation', 'worker', 'storage', 'kafka', 'settings', 'plugin', 'config'],
  rest: ['herder', 'settings', 'config', 'data', 'tls'],
  launch: ['everything']
}
/**
 * The folders inside a room, or inside a folder of one, each with what else in there it may import: folders
 * above it in the list, so that nothing runs backward or in a circle, and files beside them. ARCHITECTURE.md
 * shows the same tables.
 */
const inside: Record<string, Record<string, readonly string[]>> = {
  settings: {
    clients: [],
    connector: ['clients'],
    worker: ['clients', 'connector']
  },
  converters: {
    plain: [],
    json: ['plain'],
    registry: ['plain'],
    avro: ['plain', 'registry'],
    'json-schema': ['plain', 'json', 'registry'],
    protobuf: ['plain', 'registry']
  },
  transforms: {
    java: []
  },
  'connectors/jdbc': {
    values: [],
    database: ['values'],
    sql: ['database'],
    dialects: ['values', 'database'],
    settings: ['values', 'database', 'sql', 'dialects'],
    sessions: ['database', 'settings'],
    tables: ['database', 'settings', 'sessions'],
    positions: ['values', 'database', 'settings'],
    records: ['values', 'database', 'settings', 'positions'],
    'written-values': ['values', 'database'],
    queries: ['values', 'database', 'sql', 'settings', 'tables', 'positions', 'records'],
    'late-commits': ['values', 'database', 'sql', 'settings', 'positions', 'queries'],
    reading: [
      'values',
      'database',
      'sql',
      'settings',
      'sessions',
      'tables',
      'positions',
      'records',
      'queries',
      'late-commits'
    ],
    start: [
      'values',
      'database',
      'settings',
      'sessions',
      'tables',
      'positions',
      'queries',
      'late-commits',
      'reading'
    ],
    source: [
      'database',
      'sql',
      'dialects',
      'settings',
      'sessions',
      'tables',
      'positions',
      'queries',
      'late-commits',
      'reading',
      'start'
    ],
    writing: ['database', 'settings', 'written-values'],
    sink: ['database', 'settings', 'writing']
  },
  'connectors/jdbc/dialects': {
    shared: [],
    postgres: ['shared'],
    mysql: ['shared'],
    oracle: ['shared'],
    sqlserver: ['shared'],
    sqlite: ['shared']
  },
  kafka: {
    client: ['contracts.ts'],
    admin: ['client', 'contracts.ts'],
    producing: ['client', 'contracts.ts'],
    reading: ['client', 'admin', 'producing', 'contracts.ts'],
    group: ['client', 'reading', 'contracts.ts']
  },
  tasks: {
    pipeline: [],
    source: [
      'pipeline',
      'port.ts',
      'held-task.ts',
      'meter.ts',
      'task-conditions.ts',
      'task-life.ts',
      'task-surroundings.ts',
      'worker-calls.ts'
    ],
    sink: [
      'pipeline',
      'port.ts',
      'held-task.ts',
      'no-progress.ts',
      'paced-push.ts',
      'task-conditions.ts',
      'task-life.ts',
      'task-surroundings.ts',
      'worker-calls.ts'
    ]
  },
  worker: {
    offsets: [
      'connector-client-properties.ts',
      'connector-offset-stores.ts',
      'contracts.ts',
      'plugin-of.ts',
      'transactional-ids.ts'
    ]
  },
  herder: {
    work: ['herder.ts', 'start-from.ts'],
    group: ['work', 'herder.ts'],
    moves: ['work', 'herder.ts', 'start-from.ts'],
    tick: ['work', 'group', 'moves', 'herder.ts', 'start-from.ts'],
    standalone: ['work', 'moves', 'herder.ts', 'start-from.ts']
  },
  rest: {
    wire: ['masked-config.ts'],
    routes: [
      'wire',
      'deadline.ts',
      'endpoint.ts',
      'json-answer.ts',
      'masked-config.ts',
      'metrics-text.ts',
      'recorded.ts',
      'request-author.ts',
      'request-body.ts',
      'roles.ts'
    ]
  }
}
const OPEN_TO_ALL = ['errors.ts', 'log.ts', 'clock.ts', 'wait.ts', 'small-file.ts']
const ROOMS_OPEN_TO_ALL = ['secrets']
/** Where each Kafka client may be imported. */
const KAFKA_CLIENTS = { kafkajs: 'kafka/admin/', '@platformatic/kafka': 'kafka/' }
const DATABASES = /oracle|postgres|mysql|mariadb|sqlite|sql ?server|mssql|tedious|\bdb2\b/i

/**
 * Rooms that say which settings there are: the worker's are in settings/, those of a plugin are part of it.
 */
const DEFINING_ROOMS = /^(?:config|settings|plugin|converters|transforms|connectors\/[\w-]+)$/
const DEFINITION = /\bconfigDef\(|:\s*ConfigDef\s*=\s*\{|\bsatisfies ConfigDef\b/

/** Files that may be longer than 400 lines, each with its reason. */
const LONG_FILES: Record<string, string> = {}
const MAX_LINES = 400

interface SourceFile {
  /** Path below src/, with forward slashes. */
  path: string
  text: string
  /** Module specifiers of imports, re-exports and dynamic imports. */
  specifiers: string[]
}

const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*'([^'\n]+)'/g
const sources: SourceFile[] = files('src/**/*.ts').map((file) => {
  const text = read(file)
  const specifiers = [...text.matchAll(SPECIFIER)].map((match) => match[1] as string)
  return { path: file.slice('src/'.length), text, specifiers }
})

function files(pattern: string): string[] {
  return globSync(pattern, { cwd: root })
    .map((file) => file.split(sep).join('/'))
    .sort()
}

function read(file: string): string {
  return readFileSync(resolve(root, file), 'utf8')
}

/** The room of a path below src/; null for the files beside the rooms. */
function roomOf(path: string): string | null {
  const [first, second] = path.split('/')
  if (second === undefined) return null
  return first === 'connectors' ? `${first}/${second}` : (first as string)
}

/** Comments may give a database as an example. Line breaks stay, so that line numbers do. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/.*$/gm, '')
}

/** What a file imports from src/, as paths below src/. */
function localImports(source: SourceFile): string[] {
  return source.specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(source.path), specifier))
}

/**
 * The folder or file directly inside `parent` to which a path below src/ belongs; null for what is elsewhere.
 */
function childOf(parent: string, path: string): string | null {
  return path.startsWith(`${parent}/`)
    ? (path.slice(parent.length + 1).split('/')[0] ?? null)
    : null
}

describe('The rooms of src/', () => {
  it('import only what the table allows', () => {
    const wrong: string[] = []
    for (const source of sources) {
      const room = roomOf(source.path)
      // main.ts and launch/ wire the rooms together.
      if (room === 'launch' || (room === null && !OPEN_TO_ALL.includes(source.path))) continue
      const allowed = room === null ? [] : [room, ...(mayImport[room] ?? [])]
      for (const target of localImports(source)) {
        const targetRoom = roomOf(target)
        const open =
          targetRoom === null
            ? OPEN_TO_ALL.includes(target)
            : ROOMS_OPEN_TO_ALL.includes(targetRoom)
        if (!open && !allowed.includes(targetRoom ?? ''))
          wrong.push(`${source.path} imports ${target}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('are those of the table, no more', () => {
    const rooms = new Set(sources.map((source) => roomOf(source.path)))
    rooms.delete(null)
    assert.deepEqual(
      [...rooms].filter((room) => !Object.hasOwn(mayImport, room ?? '')),
      []
    )
  })

  it('stand in ARCHITECTURE.md with the same table', () => {
    const rows = [
      ...read('ARCHITECTURE.md').matchAll(/^\| `([a-z/-]*[a-z])` \| .+ \| ([^|]+) \|$/gm)
    ]
    const documented = Object.fromEntries(
      rows.map(([, room, allowed]) => [room, allowed === '–' ? [] : allowed?.split(', ')])
    )
    assert.deepEqual(documented, mayImport)
  })

  it('have folders that import only what their table allows', () => {
    const wrong: string[] = []
    for (const [parent, folders] of Object.entries(inside)) {
      for (const source of sources) {
        const folder = childOf(parent, source.path)
        // Files beside the folders put together what is in them.
        if (folder === null || folder.endsWith('.ts')) continue
        assert.ok(Object.hasOwn(folders, folder), `${parent}/${folder} is in no table`)
        for (const target of localImports(source)) {
          const other = childOf(parent, target)
          if (other !== null && other !== folder && folders[folder]?.includes(other) !== true)
            wrong.push(`${source.path} imports ${target}`)
        }
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('have a table for the folders inside them', () => {
    const parents = new Set(
      sources.flatMap(({ path }) => {
        const room = roomOf(path)
        const folder = room === null ? null : childOf(room, path)
        return folder === null || folder.endsWith('.ts') ? [] : [room as string]
      })
    )
    assert.deepEqual(
      [...parents].filter((room) => !Object.hasOwn(inside, room)),
      []
    )
  })

  it('have folders in an order in which nothing is imported backward', () => {
    for (const [parent, folders] of Object.entries(inside)) {
      const names = Object.keys(folders)
      for (const [at, name] of names.entries()) {
        const later = folders[name]?.filter((other) => names.indexOf(other) >= at)
        assert.deepEqual(later, [], `${parent}/${name}`)
      }
      // A file that folders may import looks into none of them, nor does a file beside them that it imports.
      const open = Object.values(folders)
        .flat()
        .filter((name) => name.endsWith('.ts'))
      const looked = new Set(open)
      for (const name of looked) {
        const source = sources.find(({ path }) => path === `${parent}/${name}`)
        for (const target of source === undefined ? [] : localImports(source)) {
          const child = childOf(parent, target)
          if (child?.endsWith('.ts') === true) looked.add(child)
          else assert.equal(child, null, `${parent}/${name} imports ${target}`)
        }
      }
    }
  })

  it('stand in ARCHITECTURE.md with the folders inside them', () => {
    for (const [parent, folders] of Object.entries(inside)) {
      const row = new RegExp(`^\\| \`${parent}/([a-z-]+)/\` \\| .+ \\| ([^|]+) \\|$`, 'gm')
      const documented = [...read('ARCHITECTURE.md').matchAll(row)].map(([, folder, allowed]) => [
        folder,
        allowed === '–' ? [] : allowed?.split(', ')
      ])
      assert.deepEqual(documented, Object.entries(folders), parent)
    }
  })

  it('leave Kafka clients to kafka/, and cluster administration to one of them', () => {
    for (const [client, place] of Object.entries(KAFKA_CLIENTS)) {
      const wrong = sources.filter(
        ({ path, specifiers }) =>
          !path.startsWith(place) &&
          specifiers.some((specifier) => specifier === client || specifier.startsWith(`${client}/`))
      )
      assert.deepEqual(
        wrong.map(({ path }) => path),
        []
      )
    }
  })

  it('define settings in settings/ alone, beside those of plugins', () => {
    const wrong = sources.filter(
      ({ path, text }) => !DEFINING_ROOMS.test(roomOf(path) ?? '') && DEFINITION.test(text)
    )
    assert.deepEqual(
      wrong.map(({ path }) => path),
      []
    )
  })

  it('take only types of plugin/ into settings/', () => {
    const wrong = sources.filter(
      ({ path, text }) =>
        roomOf(path) === 'settings' && /^import (?!type )[^']*?from '[./]+plugin\//m.test(text)
    )
    assert.deepEqual(
      wrong.map(({ path }) => path),
      []
    )
  })

  it('have one register of what runs: nobody else has connectors and tasks at hand', () => {
    const holders = sources.filter(
      ({ path, text }) =>
        !path.startsWith('worker/') && /\b(?:ConnectorHandle|TaskHandle)\b/.test(text)
    )
    assert.deepEqual(
      holders.map(({ path }) => path),
      ['herder/work/local-work.ts']
    )
  })

  it('have herders that are made of parts and inherit nothing', () => {
    const wrong = sources.flatMap(({ path, text }) =>
      path.startsWith('herder/')
        ? [...text.matchAll(/\bclass \w+ extends (?!\w*Error\b)\w+/g)].map(
            ([found]) => `${path}: ${found}`
          )
        : []
    )
    assert.deepEqual(wrong, [])
  })

  it('leave the words of the wire to rest/', () => {
    const wrong: string[] = []
    for (const { path, text } of sources) {
      if (!/^(?:herder|worker|tasks)\//.test(path)) continue
      for (const [index, line] of withoutComments(text).split('\n').entries()) {
        if (/(?:^|[{,;.]|readonly)\s*[a-z]+(?:_[a-z]+)+\??[:,]/.test(line))
          wrong.push(`${path}:${index + 1}: ${line.trim()}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('name databases nowhere in connectors/jdbc but in dialects/', () => {
    const wrong: string[] = []
    for (const { path, text } of sources) {
      if (!path.startsWith('connectors/jdbc/') || path.includes('/dialects/')) continue
      for (const [index, line] of withoutComments(text).split('\n').entries()) {
        if (DATABASES.test(line)) wrong.push(`${path}:${index + 1}: ${line.trim()}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('have a folder for each database, with the same names for the same roles', () => {
    const roles = [
      'connection',
      'dialect',
      'dictionary',
      'errors',
      'properties',
      'target',
      'types',
      'url'
    ]
    for (const database of Object.keys(inside['connectors/jdbc/dialects'] ?? {})) {
      if (database === 'shared') continue
      const missing = roles.filter(
        (role) =>
          !sources.some(({ path }) => path === `connectors/jdbc/dialects/${database}/${role}.ts`)
      )
      assert.deepEqual(missing, [], database)
    }
  })

  it('have files one can read in one go', () => {
    const long = sources.filter((source) => source.text.split('\n').length - 1 > MAX_LINES)
    assert.deepEqual(
      long.map((source) => source.path),
      Object.keys(LONG_FILES)
    )
  })
})

describe('Waiting', () => {
  /** Where waiting is made of timers and races: once, for all. */
  const HOME = ['clock.ts', 'wait.ts']
  const TIMERS =
    /(?<![.\w])set(?:Timeout|Interval)\b|\bscheduler\.wait\b|\bPromise\.race\(|\bAbortSignal\.timeout\(/
  /** Ends the process whatever still holds it, which needs a timer that holds nothing itself. */
  const OTHER_TIMERS = ['launch/end-process.ts']

  it('has pauses that grow after failures as wait.ts lets them', () => {
    const found = sources
      .filter(
        ({ path, text }) =>
          path !== 'wait.ts' &&
          !path.startsWith('transforms/java/') &&
          /\* 2 \*\* /.test(withoutComments(text))
      )
      .map(({ path }) => path)
    // Between attempts at a record the pauses are those of the JVM worker (KIP-298).
    assert.deepEqual(found, ['tasks/pipeline/retry-with-tolerance.ts'])
  })

  it('I8: is done by wait.ts and clock.ts, and by nothing else', () => {
    const found = sources
      .filter(({ path, text }) => !HOME.includes(path) && TIMERS.test(withoutComments(text)))
      .map(({ path }) => path)
    assert.deepEqual(found, OTHER_TIMERS)
  })

  it('is no matter of time in tests: a pause of theirs says above it why nothing else shows the same', () => {
    const found: string[] = []
    for (const path of globSync('test/**/*.test.ts', { cwd: root })) {
      const lines = readFileSync(resolve(root, path), 'utf8').split('\n')
      for (const [at, line] of lines.entries()) {
        const hasReason = /^\s*\/\/ /.test(lines[at - 1] ?? '')
        if (/\b(?:delay|setTimeout)\(/.test(line) && !hasReason) found.push(`${path}:${at + 1}`)
      }
    }
    assert.deepEqual(found, [])
  })

  /**
   * Where a worker is put together, where plugins are (no worker gives them a clock), and what a thread
   * begins with.
   */
  const EDGES = [
    'clock.ts',
    'plugin/index.ts',
    'connectors/file-stream/file-stream-source-connector.ts',
    'connectors/jdbc/source/source-plugins.ts',
    'connectors/jdbc/sink/sink-plugins.ts',
    'converters/registry/registry-converter.ts',
    'kafka/group/heartbeat-thread-main.ts'
  ]

  it("counts on a clock that is given: the computer's is named where parts are put together", () => {
    const found = sources
      .filter(({ path }) => roomOf(path) !== 'launch' && !EDGES.includes(path))
      .filter(({ text }) => /\bsystemClock\b/.test(withoutComments(text)))
      .map(({ path }) => path)
    assert.deepEqual(found, [])
  })
})

describe('Plugins', () => {
  it('are ready when they are made: nothing is configured or assigned afterwards', () => {
    const LATER = /^\s+(?:async )?configure\(|^\s+(?:readonly )?#?\w+!:/m
    const found = sources.filter(({ text }) => LATER.test(withoutComments(text)))
    assert.deepEqual(
      found.map(({ path }) => path),
      []
    )
  })
})

describe('What is true of values', () => {
  /** Written once, in data/: where, and what would be a second time. */
  const ONCE: [what: string, home: string, again: RegExp][] = [
    ['an int64 is a number while it is safe', 'values.ts', /isSafeInteger\((\w+)\)\s*\? \1\s*: /],
    ['a day has so many milliseconds', 'calendar.ts', /\b86_?400_?000\b/],
    ['a remainder is not negative', 'calendar.ts', /\bmodulo\s*(?:=|\([\w:, ]*\): number \{)/],
    ['a cycle of the calendar has so many days', 'calendar.ts', /\b719_?4[67]\d\b/],
    ['JSON is read exactly', 'json-reader.ts', /class \w*JsonReader|class JsonNumber/],
    ['a float is rounded once', 'floats.ts', /function (?:nearestFloat|isMidway)/]
  ]
  for (const [what, home, again] of ONCE) {
    it(`is written once: ${what}`, () => {
      const found = sources.filter(({ text }) => again.test(withoutComments(text)))
      assert.deepEqual(
        found.map(({ path }) => path),
        [`data/${home}`]
      )
    })
  }
})

describe('The border of a task', () => {
  /** Previews are made by the worker itself, of records that go nowhere. */
  const open = [
    'tasks/port.ts',
    'tasks/error-data.ts',
    'tasks/no-progress.ts',
    'tasks/pipeline/preview-records.ts',
    'tasks/pipeline/preview-sink-records.ts'
  ]

  it('is crossed by messages only: a worker imports nothing of tasks but them', () => {
    const wrong = sources
      .filter(({ path }) => roomOf(path) === 'worker')
      .flatMap((source) =>
        localImports(source)
          .filter((target) => roomOf(target) === 'tasks' && !open.includes(target))
          .map((target) => `${source.path} imports ${target}`)
      )
    assert.deepEqual(wrong, [])
  })

  it('is crossed by copies in every test: only cloned-tasks.ts makes tasks', () => {
    const wrong = files('test/**/*.ts').filter((file) => /tasksOnThisThread\b/.test(read(file)))
    assert.deepEqual(wrong, ['test/architecture.test.ts', 'test/support/cloned-tasks.ts'])
  })

  it('has no way around it: no module of a task keeps anything', () => {
    const kept =
      /^(?:export )?(?:let|var) |^(?:export )?const \w+(?:: [^=]+)? = new (?:Weak)?(?:Map|Set)\b/m
    const wrong = sources.filter(({ path, text }) => roomOf(path) === 'tasks' && kept.test(text))
    assert.deepEqual(
      wrong.map(({ path }) => path),
      []
    )
  })
})

describe('The invariants', () => {
  it('are upheld, in ARCHITECTURE.md, by files that exist and cite them', () => {
    for (const [, name, upheld = ''] of read('ARCHITECTURE.md').matchAll(
      /^\| (I\d+) \| .+ \| (.+) \|$/gm
    )) {
      for (const [, place = ''] of upheld.matchAll(/`([\w./-]+)`/g)) {
        const citing = sources.filter(
          ({ path, text }) => path.startsWith(place) && text.includes(name ?? '')
        )
        assert.ok(citing.length > 0, `${name} is not cited in ${place}`)
      }
    }
  })

  const tests = files('test/**/*.ts').map(read)
  const known = [...read('ARCHITECTURE.md').matchAll(/^\| I(\d+) \|/gm)].map(([, number]) => number)
  it('are those of the architecture, from the first on', () => {
    assert.deepEqual(known.slice(0, 9), ['1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })
  for (const number of known) {
    it(`I${number} is cited where it is upheld, and has a test of its name`, () => {
      const cited = new RegExp(`\\bI${number}\\b`)
      assert.ok(
        sources.some((source) => cited.test(source.text)),
        `no file of src/ cites I${number}`
      )
      const named = new RegExp(`\\b(?:it|test|describe)\\(\\s*['"\`]I${number}\\b`)
      assert.ok(
        tests.some((text) => named.test(text)),
        `no test is named 'I${number}: …'`
      )
    })
  }
})

describe('The repository', () => {
  it('mentions no path of a particular machine', () => {
    const wrong: string[] = []
    const patterns = [
      '{src,test,scripts,bench,bin,docs,sql,worker-config}/**/*.*',
      '*.{md,yml,json}'
    ]
    for (const file of patterns.flatMap(files)) {
      for (const [index, line] of read(file).split('\n').entries()) {
        if (/(?:^|[\s'"`(=:])\/(?:work|root)\/\w/.test(line)) wrong.push(`${file}:${index + 1}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
})
