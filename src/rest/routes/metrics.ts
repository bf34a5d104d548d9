import type { Endpoint, RestContext } from '../endpoint.ts'
import { METRICS_TYPE, metricsText } from '../metrics-text.ts'

/** `GET /metrics`, of this worker alone. */
export function metricsEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      needs: 'viewer',
      isOfAll: true,
      anyType: true,
      isText: true,
      answer: () => ({
        status: 200,
        text: metricsText(context.herder.cluster.localProgress()),
        type: METRICS_TYPE
      })
    }
  ]
}
