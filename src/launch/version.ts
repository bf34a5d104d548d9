import { readFileSync } from 'node:fs'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'

/** Version of this product, from its package.json (beside `src/` or `dist/`). */
export function productVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/**
 * What `GET /` answers: clients switch features on by Kafka's version, so it is that of the worker we are
 * compatible with; the product itself shows in `commit`.
 */
export function restVersion(): { version: string; commit: string } {
  return { version: KAFKA_VERSION, commit: `kafka-connect-node-${productVersion()}` }
}
