import { ConnectError } from '../../errors.ts'
import { withDeadline } from '../deadline.ts'
import type { Endpoint, RestContext } from '../endpoint.ts'
import { workerInfo } from '../wire/worker.ts'

const READY = 'Worker has completed startup and is ready to handle requests.'
const STARTING = 'Worker is still starting up.'
const STUCK = 'Worker was unable to handle this request and may be unable to handle other requests.'

/** What `/health` says while there is no herder yet. */
export const startingHealth = { status: 'starting', message: STARTING }

/** `GET /` and `GET /health`. */
export function rootEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/',
      needs: 'viewer',
      anyType: true,
      answer: () => {
        return { status: 200, body: workerInfo(context.herder.info) }
      }
    },
    {
      method: 'GET',
      path: '/health',
      needs: 'viewer',
      anyType: true,
      answer: async () => {
        try {
          const check = context.herder.healthCheck()
          await withDeadline(context, check, context.healthTimeoutMs, () => '')
          return { status: 200, body: { status: 'healthy', message: READY } }
        } catch (error) {
          if (!(error instanceof ConnectError)) throw error
          if (error.code === 'NOT_READY') return { status: 503, body: startingHealth }
          if (error.code !== 'REQUEST_TIMED_OUT') throw error
          const ready = context.herder.ready()
          const stage = context.herder.stage()
          const message = `${ready ? STUCK : STARTING}${stage === '' ? '' : ` ${stage}`}`
          return ready
            ? { status: 500, body: { status: 'unhealthy', message } }
            : { status: 503, body: { status: 'starting', message } }
        }
      }
    }
  ]
}
