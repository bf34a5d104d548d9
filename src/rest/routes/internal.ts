import { signatureAlgorithmHeader, signatureHeader } from '../../herder/group/session-key.ts'
import type { RequestSignature } from '../../herder/herder.ts'
import {
  type Call,
  type Endpoint,
  herderWorkOrForward,
  param,
  type RestContext
} from '../endpoint.ts'
import { taskConfigsBody } from '../request-body.ts'

/** Requests between workers, signed with the session key; the herder checks the signature. */
export function internalEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'POST',
      path: '/connectors/:connector/tasks',
      needs: 'viewer',
      // Not `reads`: like the JVM worker it takes a body without a type.
      answer: (call) => {
        const bytes = call.body ?? new Uint8Array()
        return herderWorkOrForward(context, call, async () => {
          await context.herder.putTaskConfigs(
            param(call, 'connector'),
            () => taskConfigsBody(bytes),
            bytes,
            signature(call)
          )
          return { status: 204 }
        })
      }
    },
    {
      method: 'PUT',
      path: '/connectors/:connector/fence',
      needs: 'viewer',
      answer: (call) =>
        herderWorkOrForward(context, call, async () => {
          await context.herder.fenceZombieSourceTasks(param(call, 'connector'), signature(call))
          return { status: 204 }
        })
    }
  ]
}

function signature(call: Call): RequestSignature | null {
  const text = header(call, signatureHeader.toLowerCase())
  const algorithm = header(call, signatureAlgorithmHeader.toLowerCase())
  return text === undefined || algorithm === undefined ? null : { signature: text, algorithm }
}

function header(call: Call, name: string): string | undefined {
  const value = call.headers[name]
  return Array.isArray(value) ? value[0] : value
}
