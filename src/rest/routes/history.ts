import { ConnectError, NotFoundError } from '../../errors.ts'
import type { Change, ChangeHistory, ShownConfig } from '../../herder/herder.ts'
import {
  type Answer,
  type Call,
  type Endpoint,
  herderWork,
  herderWorkOrForward,
  masksSecrets,
  param,
  queryCount,
  queryParam,
  type RestContext
} from '../endpoint.ts'
import { restoredConfig, shownConfig } from '../masked-config.ts'
import { recorded } from '../recorded.ts'
import { changeInfo, differences } from '../wire/history.ts'
import { connectorInfo } from '../wire/connectors.ts'

const DEFAULT_LIMIT = 50
const MOST_CHANGES = 1000

/** Who changed what, the difference of two versions, and the way back. */
export function historyEndpoints(context: RestContext): Endpoint[] {
  const path = '/connectors/:connector/history'
  return [
    {
      method: 'GET',
      path: '/history',
      needs: 'viewer',
      isOfAll: true,
      answer: async (call) => {
        const limit = queryCount(call, 'limit', DEFAULT_LIMIT, MOST_CHANGES)
        const changes = await herderWork(context, historyOf(context).latest(null, limit))
        return { status: 200, body: { changes: changes.map(changeInfo) } }
      }
    },
    {
      method: 'GET',
      path,
      needs: 'viewer',
      answer: async (call) => {
        const name = param(call, 'connector')
        const limit = queryCount(call, 'limit', DEFAULT_LIMIT, MOST_CHANGES)
        const changes = await herderWork(context, historyOf(context).latest(name, limit))
        if (changes.length === 0) await currentConfig(context, name)
        return { status: 200, body: { name, changes: changes.map(changeInfo) } }
      }
    },
    {
      method: 'GET',
      path: `${path}/diff`,
      needs: 'viewer',
      answer: (call) => difference(context, call)
    },
    {
      method: 'POST',
      path: '/connectors/:connector/restore',
      needs: 'editor',
      answer: (call) => restore(context, call)
    }
  ]
}

function historyOf({ herder }: RestContext): ChangeHistory {
  const { history } = herder
  if (history !== null) return history
  throw new NotFoundError(
    'This worker keeps no history of changes: history.storage.topic is not set'
  )
}

/** `from=ID`, and `to=ID` or else what is there now. */
async function difference(context: RestContext, call: Call): Promise<Answer> {
  const name = param(call, 'connector')
  const from = await version(context, call, 'from')
  const given = queryParam(call, 'to')
  const to =
    given === undefined
      ? { id: null, config: shownConfig(await currentConfig(context, name)) }
      : await version(context, call, 'to')
  return {
    status: 200,
    body: { name, from: from.id, to: to.id, differences: differences(from.config, to.config) }
  }
}

async function currentConfig(
  context: RestContext,
  name: string
): Promise<ReadonlyMap<string, string>> {
  return await herderWork(context, context.herder.cluster.connectorConfig(name))
}

/** The configuration behind the change of that number. */
async function version(
  context: RestContext,
  call: Call,
  parameter: string
): Promise<{ readonly id: number; readonly config: ShownConfig }> {
  const name = param(call, 'connector')
  const text = queryParam(call, parameter) ?? ''
  if (!/^\d{1,15}$/.test(text)) {
    throw new ConnectError(
      'BAD_REQUEST',
      `The query parameter ${parameter} is '${text}': the id of a change is wanted, as GET /connectors/${name}/history lists them`
    )
  }
  const id = Number(text)
  const change: Change | null = await herderWork(context, historyOf(context).find(name, id))
  const config = change?.after ?? null
  if (config !== null) return { id, config }
  throw new NotFoundError(
    change === null
      ? `The history of connector ${name} has no change ${id}`
      : `Change ${id} of connector ${name} is a ${change.what}, behind which there is no configuration`
  )
}

/** `version=ID`: the configuration is again what it was behind that change, passwords excepted. */
async function restore(context: RestContext, call: Call): Promise<Answer> {
  const name = param(call, 'connector')
  const { id, config: wanted } = await version(context, call, 'version')
  return await herderWorkOrForward(context, call, async () => {
    const { herder } = context
    const isThere = herder.cluster.connectors().includes(name)
    const now = isThere ? await herder.cluster.connectorConfig(name) : new Map<string, string>()
    const config = restoredConfig(name, wanted, now)
    const { created, info } = await recorded(
      context,
      call,
      { what: 'config', connector: name, details: { restored: id } },
      () =>
        herder.changes.putConnectorConfig(name, config, { initialState: null, allowReplace: true }),
      (outcome) => (outcome.created ? 'create' : 'config')
    )
    const body = connectorInfo(info, masksSecrets(context, call))
    return created ? { status: 201, body, created: name } : { status: 200, body }
  })
}
