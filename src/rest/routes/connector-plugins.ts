import {
  type Endpoint,
  herderWork,
  param,
  queryCount,
  queryFlag,
  queryParam,
  type RestContext
} from '../endpoint.ts'
import { configBody } from '../request-body.ts'
import { preview } from '../wire/preview.ts'

/** Installed plugins, their configuration keys, and validation. */
export function pluginEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/connector-plugins',
      needs: 'viewer',
      answer: (call) => {
        const connectorsOnly = queryFlag(call, 'connectorsOnly', true)
        return { status: 200, body: context.herder.pluginCatalog.plugins(connectorsOnly) }
      }
    },
    {
      method: 'GET',
      path: '/connector-plugins/:plugin/config',
      needs: 'viewer',
      answer: (call) => {
        const plugin = param(call, 'plugin')
        const keys = context.herder.pluginCatalog.pluginConfig(plugin, queryParam(call, 'version'))
        return { status: 200, body: keys }
      }
    },
    {
      method: 'PUT',
      path: '/connector-plugins/:plugin/config/validate',
      needs: 'editor',
      reads: true,
      answer: async (call) => {
        const plugin = param(call, 'plugin')
        const config = configBody(call.body)
        const infos = await herderWork(
          context,
          context.herder.pluginCatalog.validate(plugin, config)
        )
        return { status: 200, body: infos }
      }
    },
    {
      method: 'POST',
      path: '/connector-plugins/:plugin/preview',
      needs: 'editor',
      reads: true,
      answer: async (call) => {
        const rows = queryCount(call, 'rows', DEFAULT_ROWS, MOST_ROWS)
        const config = configBody(call.body)
        const work = context.herder.pluginCatalog.preview(param(call, 'plugin'), config, rows)
        return { status: 200, body: preview(await herderWork(context, work)) }
      }
    }
  ]
}

const DEFAULT_ROWS = 10
const MOST_ROWS = 100
