import { findExecutable } from './commands.ts'
import type { DemoCopy } from './demo-copy.ts'
import type { DemoShop } from './demo-shop.ts'

/** What the demo prints once everything runs: lines for another terminal. */
export function nextThings(demo: {
  readonly url: string
  readonly pid: number
  readonly bootstrap: string
  readonly connector: string
  readonly sink: string
  readonly shop: DemoShop
  readonly copy: DemoCopy
  /** The folder, as the operator named it. */
  readonly shown: string
}): string {
  const { url, pid, bootstrap, shop, copy, shown } = demo
  const connector = `${url}/connectors/${demo.connector}`
  const sink = `${url}/connectors/${demo.sink}`
  const json = `-H 'Content-Type: application/json'`
  return `
A row is inserted or changed every second and appears here once it was read back from Kafka; ${demo.sink} copies it to ${copy.place}.
Meanwhile, in another terminal:

  curl ${url}/connectors                                        the connectors
  curl ${connector}/status                     what it and its tasks are doing
  curl -X PUT ${connector}/pause               … and …/resume
  curl -X PUT ${json} -d '"-PT1M"' ${connector}/start-from
${''.padEnd(72)}moves it while it runs: the rows of the last minute come again;
${''.padEnd(72)}any time, id, "earliest" or "now" will do: docs/start-from.md
  curl -X PUT ${json} -d '"earliest"' '${connector}/start-from?dry_run=true'
${''.padEnd(72)}how many rows that would send again, changing nothing
  curl -X POST ${connector}/start-from/undo    back to where it was; GET …/start-from is the history
  curl -X PUT ${connector}/stop                then look at, change or reset how far it is:
  curl ${connector}/offsets
  curl -X DELETE ${connector}/offsets          … after …/resume every row comes again
  curl -X PUT ${json} -d '{"connector.class":"JdbcSource"}' ${url}/connector-plugins/JdbcSource/config/validate
  curl ${sink}/offsets                         how far the copy is; …/stop, …/start-from as above
  curl ${sink}/progress                        … in records and seconds
  kill -9 ${pid}                                                a crash: the demo starts the worker again; the rows since the
${''.padEnd(72)}last stored offset come once more, none is lost
${findExecutable('kcat') === null ? '' : `  kcat -b ${bootstrap} -C -t ${shop.topics[1]} -e -q                  the whole topic\n`}
Kafka is ${bootstrap}, the database ${shop.place}; delete ${shown}/ to begin from nothing. Ctrl-C ends the demo.
`
}
