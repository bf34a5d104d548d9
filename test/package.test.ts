import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'

describe('the package', () => {
  it('runs from its tarball', { timeout: 110_000 }, () => {
    const dir = mkdtempSync(join(tmpdir(), 'package-'))
    try {
      const root = join(import.meta.dirname, '..')
      const npm = (args: string[], cwd: string): string =>
        execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      npm(['pack', '--pack-destination', dir], root)
      execFileSync('sh', ['-c', 'tar -xzf *.tgz'], { cwd: dir })
      const help = execFileSync(
        process.execPath,
        [join(dir, 'package', 'bin', 'worker.js'), '--help'],
        { encoding: 'utf8' }
      )
      assert.match(help, /worker --distributed/)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
