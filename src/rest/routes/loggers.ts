import { ConnectError, NotFoundError } from '../../errors.ts'
import { isLevelName, loggers } from '../../log.ts'
import {
  type Answer,
  type Call,
  type Endpoint,
  herderWork,
  param,
  queryParam,
  type RestContext
} from '../endpoint.ts'
import { recorded } from '../recorded.ts'
import { levelBody } from '../request-body.ts'
import { loggerInfo } from '../wire/worker.ts'

const log = loggers.get('org.apache.kafka.connect.runtime.rest.resources.LoggingResource')

/** Logger levels of this worker, or (scope=cluster) of all. */
export function loggerEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/admin/loggers',
      needs: 'viewer',
      answer: () => {
        const levels = [...context.herder.loggerLevels.loggers()]
        return {
          status: 200,
          body: new Map(levels.map(([name, info]) => [name, loggerInfo(info)]))
        }
      }
    },
    {
      method: 'GET',
      path: '/admin/loggers/:logger',
      needs: 'viewer',
      answer: (call) => {
        const name = param(call, 'logger')
        const level = context.herder.loggerLevels.logger(name)
        if (level === null) throw new NotFoundError(`Logger ${name} not found.`)
        return { status: 200, body: loggerInfo(level) }
      }
    },
    {
      method: 'PUT',
      path: '/admin/loggers/:logger',
      needs: 'operator',
      isOfAll: true,
      reads: true,
      answer: (call) => setLevel(context, call)
    }
  ]
}

async function setLevel(context: RestContext, call: Call): Promise<Answer> {
  const name = param(call, 'logger')
  const given = levelBody(call.body)
  if (given === null) {
    throw new ConnectError('BAD_REQUEST', "Desired 'level' parameter was not specified in request.")
  }
  const level = given.trim().toUpperCase()
  if (!isLevelName(level)) throw new NotFoundError(`invalid log level '${given}'.`)
  const wanted = { what: 'logger', connector: null, details: { logger: name, level } } as const
  const scope = (queryParam(call, 'scope') ?? 'worker').toLowerCase()
  if (scope === 'cluster') {
    // Every worker reads the text as it was given.
    const set = recorded(context, call, wanted, () =>
      context.herder.setClusterLoggerLevel(name, given)
    )
    await herderWork(context, set)
    return { status: 204 }
  }
  if (scope !== 'worker') log.warn('Unknown scope, using worker', { scope })
  const body = await recorded(context, call, wanted, () =>
    Promise.resolve(context.herder.loggerLevels.setLoggerLevel(name, level))
  )
  return { status: 200, body }
}
