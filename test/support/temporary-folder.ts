import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kafka-connect-node-'))
}

/** A folder of its own, removed behind the test. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = makeTemporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
