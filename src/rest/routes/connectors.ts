import { ConnectError } from '../../errors.ts'
import type { PutOutcome } from '../../herder/herder.ts'
import { loggers } from '../../log.ts'
import {
  type Answer,
  type Call,
  type Endpoint,
  herderWork,
  herderWorkOrForward,
  masksSecrets,
  param,
  queryChoice,
  queryFlag,
  type RestContext
} from '../endpoint.ts'
import { jsonObjectOf } from '../json-answer.ts'
import { maskedConfig } from '../masked-config.ts'
import { recorded } from '../recorded.ts'
import { configBody, createRequest } from '../request-body.ts'
import { requireRights } from '../roles.ts'
import { connectorInfo, stateInfo } from '../wire/connectors.ts'
import { connectorName } from '../../settings/connector/connector-settings.ts'

const log = loggers.get('org.apache.kafka.connect.runtime.rest.resources.ConnectorsResource')

/** Connectors: list, create, read, change, delete, and their life: pause, resume, stop, restart. */
export function connectorEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/connectors',
      needs: 'viewer',
      answer: (call) => listConnectors(context, call)
    },
    {
      method: 'POST',
      path: '/connectors',
      needs: 'editor',
      reads: true,
      answer: (call) => create(context, call)
    },
    {
      method: 'GET',
      path: '/connectors/:connector',
      needs: 'viewer',
      answer: async (call) => {
        const info = await herderWork(
          context,
          context.herder.cluster.connectorInfo(param(call, 'connector'))
        )
        return { status: 200, body: connectorInfo(info, masksSecrets(context, call)) }
      }
    },
    {
      method: 'DELETE',
      path: '/connectors/:connector',
      needs: 'editor',
      answer: (call) =>
        herderWorkOrForward(context, call, async () => {
          const offsets = queryChoice(call, 'offsets', ['keep', 'delete']) ?? 'keep'
          const connector = param(call, 'connector')
          const wanted = { what: 'delete', connector, details: { offsets } } as const
          await recorded(context, call, wanted, () =>
            context.herder.changes.deleteConnector(connector, offsets)
          )
          return { status: 204 }
        })
    },
    {
      method: 'GET',
      path: '/connectors/:connector/config',
      needs: 'viewer',
      answer: async (call) => {
        const config = await herderWork(
          context,
          context.herder.cluster.connectorConfig(param(call, 'connector'))
        )
        return { status: 200, body: masksSecrets(context, call) ? maskedConfig(config) : config }
      }
    },
    {
      method: 'PUT',
      path: '/connectors/:connector/config',
      needs: 'editor',
      reads: true,
      answer: (call) => putConfig(context, call)
    },
    {
      method: 'PATCH',
      path: '/connectors/:connector/config',
      needs: 'editor',
      reads: true,
      answer: (call) => {
        const patch = configBody(call.body)
        return herderWorkOrForward(context, call, async () => {
          const connector = param(call, 'connector')
          const info = await recorded(context, call, { what: 'config', connector }, () =>
            context.herder.changes.patchConnectorConfig(connector, patch)
          )
          return { status: 200, body: connectorInfo(info, masksSecrets(context, call)) }
        })
      }
    },
    {
      method: 'GET',
      path: '/connectors/:connector/status',
      needs: 'viewer',
      answer: (call) => ({
        status: 200,
        body: stateInfo(context.herder.cluster.connectorStatus(param(call, 'connector')))
      })
    },
    ...lifeEndpoints(context)
  ]
}

function lifeEndpoints(context: RestContext): Endpoint[] {
  const change = (
    what: 'pause' | 'resume' | 'stop',
    status: number,
    work: (name: string) => Promise<void>
  ): Endpoint => ({
    method: 'PUT',
    path: `/connectors/:connector/${what}`,
    needs: 'operator',
    answer: (call) =>
      herderWorkOrForward(context, call, async () => {
        const connector = param(call, 'connector')
        await recorded(context, call, { what, connector }, () => work(connector))
        return { status }
      })
  })
  return [
    change('pause', 202, (name) => context.herder.changes.pauseConnector(name)),
    change('resume', 202, (name) => context.herder.changes.resumeConnector(name)),
    change('stop', 204, (name) => context.herder.changes.stopConnector(name)),
    {
      method: 'POST',
      path: '/connectors/:connector/restart',
      needs: 'operator',
      answer: (call) => {
        const name = param(call, 'connector')
        const includeTasks = queryFlag(call, 'includeTasks', false)
        const onlyFailed = queryFlag(call, 'onlyFailed', false)
        return herderWorkOrForward(context, call, async () => {
          const options = { includeTasks, onlyFailed }
          const wanted = { what: 'restart', connector: name, details: options } as const
          if (!includeTasks && !onlyFailed) {
            await recorded(context, call, wanted, () =>
              context.herder.changes.restartConnector(name)
            )
            return { status: 204 }
          }
          const state = await recorded(context, call, wanted, () =>
            context.herder.changes.restartConnectorAndTasks(name, options)
          )
          return { status: 202, body: stateInfo(state) }
        })
      }
    }
  ]
}

async function listConnectors(context: RestContext, call: Call): Promise<Answer> {
  const expand = call.query['expand']
  const { connectors } = call.rights
  const names = context.herder.cluster
    .connectors()
    .filter((name) => connectors === null || connectors(name))
  if (expand === undefined) return { status: 200, body: names }
  const wanted = new Set(Array.isArray(expand) ? expand : [expand])
  for (const name of wanted) {
    if (name !== 'info' && name !== 'status') log.info('Ignoring unknown expansion type', { name })
  }
  const expanded = jsonObjectOf(names, async (name) => {
    try {
      const { herder } = context
      const info = wanted.has('info')
        ? {
            info: connectorInfo(
              await herder.cluster.connectorInfo(name),
              masksSecrets(context, call)
            )
          }
        : {}
      const status = wanted.has('status')
        ? { status: stateInfo(herder.cluster.connectorStatus(name)) }
        : {}
      return { ...info, ...status }
    } catch (error) {
      // Deleted in between, or without a status yet: left out, as in the JVM worker.
      if (!(error instanceof ConnectError) || error.status !== 404) throw error
      log.debug('Leaving a connector out of the expanded list', { connector: name, error })
      return null
    }
  })
  return { status: 200, text: await herderWork(context, expanded) }
}

async function create(context: RestContext, call: Call): Promise<Answer> {
  const { name, config, initialState, initialOffsets } = createRequest(call.body)
  const others = queryChoice(call, 'offsets', ['keep', 'reset'])
  checkName(name, config)
  requireRights(call.user, call.rights, {
    what: 'POST /connectors',
    needs: 'editor',
    connector: name,
    isOfAll: false
  })
  return createdAt(
    name,
    await herderWorkOrForward(context, call, async () => {
      const options = {
        initialState,
        allowReplace: false,
        ...(initialOffsets === null && others !== 'reset'
          ? {}
          : { initialOffsets: { offsets: initialOffsets, others: others ?? 'reset' } })
      }
      const details = { initialState, offsets: initialOffsets }
      const wanted = { what: 'create', connector: name, details } as const
      const outcome = await recorded(context, call, wanted, () =>
        context.herder.changes.putConnectorConfig(name, config, options)
      )
      return createdAnswer(context, call, outcome, others !== null)
    })
  )
}

async function putConfig(context: RestContext, call: Call): Promise<Answer> {
  const name = param(call, 'connector')
  const config = configBody(call.body)
  checkName(name, config)
  return createdAt(
    name,
    await herderWorkOrForward(context, call, async () => {
      const options = { initialState: null, allowReplace: true }
      const { created, info } = await recorded(
        context,
        call,
        { what: 'config', connector: name },
        () => context.herder.changes.putConnectorConfig(name, config, options),
        (outcome) => (outcome.created ? 'create' : 'config')
      )
      return { status: created ? 201 : 200, body: connectorInfo(info, masksSecrets(context, call)) }
    })
  )
}

/** As the JVM worker answers; what became of offsets only where somebody gave some, or asked. */
function createdAnswer(
  context: RestContext,
  call: Call,
  outcome: PutOutcome,
  asked: boolean
): Answer {
  const { info, offsetsStatus, keptOffsets = 0 } = outcome
  const body = connectorInfo(info, masksSecrets(context, call))
  const kept = `${keptOffsets} offsets of an earlier connector of that name are kept`
  const status = offsetsStatus ?? (asked ? kept : undefined)
  return {
    status: 201,
    body: status === undefined ? body : { ...body, offsets_status: status },
    ...(keptOffsets > 0 ? { offsets: `kept ${keptOffsets}` } : {})
  }
}

function createdAt(name: string, answer: Answer): Answer {
  return answer.status === 201 ? { ...answer, created: name } : answer
}

/** The name in the configuration must be the one of the request; when it is missing it is filled in. */
function checkName(name: string, config: Map<string, string | null>): void {
  const included = connectorName(config)
  if (included !== null && included !== name) {
    throw new ConnectError(
      'BAD_REQUEST',
      `Connector name configuration (${included}) doesn't match connector name in the URL (${name})`
    )
  }
  config.set('name', name)
}
