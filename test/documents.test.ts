import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, it } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/**/*.md'], { cwd: root })
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')

describe('The documents', () => {
  it('link to files that exist', () => {
    const broken: string[] = []
    for (const page of pages) {
      for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        if (!existsSync(resolve(root, dirname(page), target))) broken.push(`${page}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
  })

  it('of decisions and structure name files and folders that exist', () => {
    /** A path below one of these folders, or the name of a file somewhere below `src/` or `test/`. */
    const places = ['', 'src/', 'src/connectors/jdbc/', 'test/', 'src/**/', 'test/**/']
    /** By building, by testing. */
    const MADE_HERE = ['dist/', '.cache/', '.cache/test-logs/', '.cache/python/']
    const named = /`((?:[\w@.*-]+\/)+(?:[\w.*-]+\.\w+)?|[\w.-]+\.ts)`/g
    const missing: string[] = []
    for (const page of globSync(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/decisions/*.md'], {
      cwd: root
    })) {
      for (const [, path = ''] of read(page).matchAll(named)) {
        const found = places.some((place) => globSync(place + path, { cwd: root }).length > 0)
        if (!found && !MADE_HERE.includes(path)) missing.push(`${page}: ${path}`)
      }
    }
    assert.deepEqual(missing, [])
  })

  it('are there when a sample file names them', () => {
    const missing: string[] = []
    for (const file of globSync('worker-config/*', { cwd: root })) {
      for (const [page] of read(file).matchAll(/docs\/[\w/-]+\.md/g)) {
        if (!existsSync(resolve(root, page))) missing.push(`${file}: ${page}`)
      }
    }
    assert.deepEqual(missing, [])
  })
})
