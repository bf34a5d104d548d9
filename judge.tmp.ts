import { startJvmWorker } from './test/support/jvm-worker.ts'
import { startWorkerProcess } from './test/support/worker-process.ts'
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))
const jvm = await startJvmWorker({ 'plugin.path': '/tmp/judge/plugin', 'group.id': 'judge-j' + process.pid, 'config.storage.topic': 'jj-c' + process.pid, 'offset.storage.topic': 'jj-o' + process.pid, 'status.storage.topic': 'jj-s' + process.pid, 'offset.storage.partitions': '1', 'status.storage.partitions': '1', 'scheduled.rebalance.max.delay.ms': '0' })
const ours = await startWorkerProcess({ properties: { 'plugin.path': '/tmp/judge/jsplugin', 'scheduled.rebalance.max.delay.ms': '0' } })
const call = async (url: string, method: string, path: string, body?: unknown) => {
  const r = await fetch(url + path, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await r.text()
  return { status: r.status, text }
}
const status = async (url: string, name: string) => {
  const r = await call(url, 'GET', `/connectors/${name}/status`)
  if (r.status !== 200) return String(r.status)
  const s = JSON.parse(r.text)
  return `${s.connector.state}${s.connector.trace ? '!' : ''} [${s.tasks.map((t: { state: string; trace?: string }) => t.state + (t.trace ? '!' : '')).join(',')}]`
}
async function series(url: string, fails: string) {
  const n = `c-${fails}`
  const out: string[] = []
  const note = async (what: string, ms = 1500) => { await sleep(ms); out.push(`${fails}: ${what}: ${await status(url, n)}`) }
  const act = async (method: string, path: string, body?: unknown) => { const r = await call(url, method, `/connectors/${n}${path}`, body); return `${method} ${path} ${r.status}${r.status >= 400 ? ' ' + JSON.parse(r.text).message.slice(0, 90) : ''}` }
  const config = { 'connector.class': 'example.Judge', name: n, 'tasks.max': '2', fails }
  await note(await act('PUT', '/config', config), 3000)
  await note(await act('PUT', '/pause'))
  await note(await act('PUT', '/resume'))
  await note(await act('PUT', '/stop'), 2500)
  await note(await act('POST', '/tasks/0/restart'))
  await note(await act('POST', '/tasks/7/restart'), 10)
  await note(await act('PUT', '/resume'), 3000)
  await note(await act('POST', '/restart?includeTasks=true'), 2500)
  await note(await act('POST', '/restart?includeTasks=true&onlyFailed=true'), 2500)
  await note(await act('POST', '/restart'), 2500)
  await note(await act('PUT', '/config', config), 2500)
  await note(await act('PUT', '/pause'))
  await note(await act('PUT', '/stop'), 2500)
  await note(await act('DELETE', ''), 2500)
  return out
}
const kinds = ['none', 'start', 'raise', 'configs', 'large', 'stop', 'taskstart', 'poll', 'taskstop']
for (const kind of kinds) {
  const [a, b] = await Promise.all([series(jvm.url, kind), series(ours.url, kind)])
  a.forEach((line, i) => console.log(line === b[i] ? `= ${line}` : `J ${line}\nO ${b[i]}`))
}
await ours.stop()
await jvm.stop()
