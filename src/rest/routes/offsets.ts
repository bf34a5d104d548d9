import {
  type Endpoint,
  herderWork,
  herderWorkOrForward,
  param,
  type RestContext
} from '../endpoint.ts'
import { recorded } from '../recorded.ts'
import { offsetsBody } from '../request-body.ts'

/** Offsets of a connector: read, alter, reset. */
export function offsetEndpoints(context: RestContext): Endpoint[] {
  const path = '/connectors/:connector/offsets'
  return [
    {
      method: 'GET',
      path,
      needs: 'viewer',
      answer: async (call) => {
        const offsets = await herderWork(
          context,
          context.herder.cluster.offsets(param(call, 'connector'))
        )
        const body = { offsets: offsets.map(({ partition, offset }) => ({ partition, offset })) }
        return { status: 200, body }
      }
    },
    {
      method: 'PATCH',
      path,
      needs: 'operator',
      reads: true,
      answer: (call) => {
        const offsets = offsetsBody(call.body)
        return herderWorkOrForward(context, call, async () => {
          const connector = param(call, 'connector')
          const wanted = { what: 'offsets', connector, details: { offsets } } as const
          const message = await recorded(context, call, wanted, () =>
            context.herder.changes.modifyOffsets(connector, offsets)
          )
          return { status: 200, body: { message } }
        })
      }
    },
    {
      method: 'DELETE',
      path,
      needs: 'operator',
      answer: (call) =>
        herderWorkOrForward(context, call, async () => {
          const connector = param(call, 'connector')
          const wanted = { what: 'offsets', connector, details: { offsets: null } } as const
          const message = await recorded(context, call, wanted, () =>
            context.herder.changes.modifyOffsets(connector, null)
          )
          return { status: 200, body: { message } }
        })
    }
  ]
}
