/**
 * What types, lint and format do not see, part of `npm run check`: comments that are too wide, exports that
 * nobody imports, and files that nobody reaches. Imports have one form in this repository
 * (`import … from './x.ts'`), so that its text is enough to follow them; see
 * docs/decisions/20261129-unused-exports.md.
 */
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve, sep } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const COMMENT_COLUMNS = 110
const FOLDERS = ['{src,test,scripts,bench}/**/*.ts', 'bin/*.js']

/** Where what is exported is for others: authors of plugins, `bin/`, and a worker that loads a plugin. */
const PUBLIC = ['src/plugin/index.ts', 'src/main.ts', 'test/support/bad-plugin.ts']
/** Files that are run, not imported: by Node, the test runner, a thread or a process of ours. */
const STARTED =
  /^bin\/|^(?:src\/main|src\/.*-main|scripts\/[\w-]+|bench\/.+|test\/.*(?:\.test|run|record[\w-]*|no-leaks|-worker|-main))\.ts$/

interface Import {
  /** Path of the file whose names are taken. */
  readonly from: string
  /** null: all of them. */
  readonly names: readonly string[] | null
}

interface Source {
  readonly path: string
  readonly lines: readonly string[]
  readonly exports: readonly string[]
  readonly imports: readonly Import[]
}

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|type|interface) (\w+)/gm
const LISTED = /^export (?:type )?\{([^}]*)\}/gm
const IMPORTED =
  /\b(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|\*(?:\s+as\s+\w+)?)\s+from\s+'(\.[^']+)'/g
/** `const { a } = await import('./x.ts')`, or the whole module. */
const LOADED = /(?:\{([^{}]*)\}\s*=\s*await\s+)?\bimport\(\s*'(\.[^']+)'\s*\)/g
/** A thread or process of ours, or a module for its effects. */
const NAMED = /(?:new URL\(\s*|\bimport\s+)['`](\.[^'`$]+)/g

/** Of `a, type b as c`, the names on the side of the file they come from, or of the file they go to. */
function namesIn(list: string, side: 'from' | 'to'): string[] {
  return list
    .split(',')
    .map((part) => part.trim().replace(/^type /, ''))
    .filter((part) => part !== '')
    .map((part) => part.split(/ as |:/)[side === 'from' ? 0 : 1]?.trim() ?? part)
}

function readSource(path: string): Source {
  const text = readFileSync(resolve(root, path), 'utf8')
  const target = (specifier = ''): string => posix.join(posix.dirname(path), specifier)
  const taking = (list: string | undefined): string[] | null =>
    list === undefined ? null : namesIn(list, 'from')
  return {
    path,
    lines: text.split('\n'),
    exports: [
      ...[...text.matchAll(DECLARED)].map(([, name = '']) => name),
      ...[...text.matchAll(LISTED)].flatMap(([, list = '']) => namesIn(list, 'to'))
    ],
    imports: [
      ...[...text.matchAll(IMPORTED)].map(([, list, from]) => ({
        from: target(from),
        names: taking(list)
      })),
      ...[...text.matchAll(LOADED)].map(([, list, from]) => ({
        from: target(from),
        names: taking(list)
      })),
      ...[...text.matchAll(NAMED)].map(([, from]) => ({ from: target(from), names: [] }))
    ]
  }
}

/**
 * A comment line that goes on beyond the limit although it could end before it. Tables and directives have
 * to.
 */
function isTooWide(line: string): boolean {
  if (line.length <= COMMENT_COLUMNS || !/^\s*(?:\/\/|\/?\*)/.test(line)) return false
  const text = line.replace(/^\s*(?:\/\/|\/?\*+)\s*/, '').trimEnd()
  return text.includes(' ') && !/^(?:\||(?:oxlint|biome|@ts)-)/.test(text)
}

function tooWide(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) =>
      isTooWide(line)
        ? [`${path}:${at + 1}: a comment of ${line.length} columns; ${COMMENT_COLUMNS} at most`]
        : []
    )
  )
}

function unused(sources: readonly Source[]): string[] {
  const used = new Map<string, Set<string> | 'all'>(PUBLIC.map((path) => [path, 'all']))
  for (const { from, names } of sources.flatMap(({ imports }) => imports)) {
    const known = used.get(from) ?? new Set<string>()
    if (names === null || known === 'all') used.set(from, 'all')
    else used.set(from, new Set([...known, ...names]))
  }
  return sources.flatMap(({ path, exports }) => {
    const names = used.get(path)
    if (names === 'all') return []
    if (names === undefined && !STARTED.test(path)) return [`${path}: nobody imports it`]
    return exports
      .filter((name) => names?.has(name) !== true)
      .map((name) => `${path}: ${name} is exported, and nobody imports it`)
  })
}

const sources = globSync(FOLDERS, { cwd: root })
  .filter((path) => !path.endsWith('.d.ts'))
  .map((path) => path.split(sep).join('/'))
  .sort()
  .map(readSource)
const problems = [...unused(sources), ...tooWide(sources)]
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log(`Checked comments and exports of ${sources.length} files.`)
