import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../../src/clock.ts'
import { jdbcSinkConfig } from '../../../../src/connectors/jdbc/settings/sink-config.ts'
import { sinkSettings } from '../../../../src/connectors/jdbc/settings/sink-settings.ts'
import { withWriter } from '../../../../src/connectors/jdbc/writing/writer-sessions.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import { sinkDatabases } from '../../../support/sink-databases.ts'

for (const { name, open } of sinkDatabases.filter((each) => each.name !== 'SQLite')) {
  describe(`A session that writes to ${name}`, () => {
    it('I11: lets go of its rows when it stands still in a transaction, also at least once', async (t) => {
      const database = await open()
      t.after(() => database.close())
      await database.exec(
        'CREATE TABLE held (id int PRIMARY KEY, n int)',
        'INSERT INTO held VALUES (1, 0)'
      )
      const config = { name: 'sink', topics: 'a', 'write.timeout.ms': '1000', ...database.config }
      const settings = sinkSettings(new Map(Object.entries(config)), jdbcSinkConfig)
      const { log } = recordingLog()
      const { signal } = new AbortController()
      const opening = { applicationName: 'sink-0', log, signal, clock: systemClock }
      const frozen = withWriter(settings, opening, async (session) => {
        await session.begin()
        await session.ask('UPDATE held SET n = 1 WHERE id = 1', [])
        // Waits until the server has ended the session that says nothing more.
        await database.exec('UPDATE held SET n = n + 2 WHERE id = 1')
        await session.commit()
      })
      await assert.rejects(frozen)
      const [row] = await database.exec('SELECT n FROM held')
      assert.equal(Number(row?.['n']), 2)
    })
  })
}
