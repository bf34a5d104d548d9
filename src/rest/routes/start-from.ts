import type { MoveInfo, StartFromWanted } from '../../herder/start-from.ts'
import {
  type Answer,
  type Call,
  type Endpoint,
  herderWork,
  herderWorkOrForward,
  param,
  queryFlag,
  type RestContext
} from '../endpoint.ts'
import { recorded } from '../recorded.ts'
import { authorOf } from '../request-author.ts'
import { startBody } from '../request-body.ts'
import { moveInfo } from '../wire/moves.ts'

/** Moving the start of a connector that exists: what was done so far, once more, and back again. */
export function startFromEndpoints(context: RestContext): Endpoint[] {
  const path = '/connectors/:connector/start-from'
  return [
    {
      method: 'GET',
      path,
      needs: 'viewer',
      answer: async (call) => {
        const name = param(call, 'connector')
        const history = await herderWork(context, context.herder.startFrom.history(name))
        return { status: 200, body: { name, history: history.map(moveInfo) } }
      }
    },
    {
      method: 'PUT',
      path,
      needs: 'operator',
      reads: true,
      answer: (call) => previewOrMove(context, call, { start: startBody(call.body) })
    },
    {
      method: 'POST',
      path: `${path}/undo`,
      needs: 'operator',
      answer: (call) => previewOrMove(context, call, 'undo')
    }
  ]
}

function previewOrMove(context: RestContext, call: Call, wanted: StartFromWanted): Promise<Answer> {
  const name = param(call, 'connector')
  const { startFrom } = context.herder
  if (queryFlag(call, 'dry_run', false)) {
    return herderWorkOrForward(context, call, async () => {
      const tables = await startFrom.preview(name, wanted)
      return { status: 200, body: { name, dry_run: true, tables } }
    })
  }
  return herderWorkOrForward(context, call, async () => {
    const details = wanted === 'undo' ? { undo: true } : { ...wanted }
    const move = await recorded(
      context,
      call,
      { what: 'start-from', connector: name, details },
      () => startFrom.move(name, wanted, authorOf(context, call))
    )
    return { status: statusOf(move), body: { name, ...moveInfo(move) } }
  })
}

/** 202: it goes on, GET tells when it has ended. */
function statusOf({ state }: MoveInfo): number {
  if (state === 'RUNNING') return 202
  return state === 'DONE' ? 200 : 500
}
