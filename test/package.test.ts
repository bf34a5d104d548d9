import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

      // Compiled, it is another module that plugins have to be given.
      symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
      const settings = readFileSync(
        join(dir, 'package', 'worker-config', 'connect-standalone.properties'),
        'utf8'
      )
      const file = join(dir, 'worker.properties')
      writeFileSync(file, `${settings}\nplugin.path=${join(root, 'examples')}\n`)
      const checked = execFileSync(
        process.execPath,
        [join(dir, 'package', 'bin', 'worker.js'), '--check', file],
        { encoding: 'utf8' }
      )
      assert.match(checked, /# Added plugin com\.example\.FolderSourceConnector/)
      assert.match(checked, /# Added plugin com\.example\.CsvConverter/)
      assert.doesNotMatch(checked, /Skipped on the plugin path/)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
