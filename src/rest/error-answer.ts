import { ConnectError, messageOf } from '../errors.ts'
import { cut, shown } from '../secrets/redact.ts'

/** What a failed request is answered with. `contentType` is null where the JVM worker sends none. */
interface ErrorAnswer {
  status: number
  contentType: string | null
  body: string
}

const reasons: Readonly<Record<number, string>> = {
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type'
}

/**
 * A refusal by HTTP itself, worded as the JVM worker's REST library words it.
 * @param untyped true when the request reached no resource: then the answer has no Content-Type
 */
export function protocolError(status: keyof typeof reasons, untyped = true): ConnectError {
  return new ConnectError('BAD_REQUEST', `HTTP ${status} ${reasons[status]}`, { status, untyped })
}

/** Total: anything thrown becomes `{"error_code":…,"message":…}`. */
export function errorAnswer(thrown: unknown): ErrorAnswer {
  if (thrown instanceof ConnectError) {
    const code = thrown.facts['errorCode']
    return {
      status: thrown.status,
      contentType: thrown.facts['untyped'] === true ? null : 'application/json',
      body: errorBody(typeof code === 'number' ? code : thrown.status, safeMessage(thrown))
    }
  }
  const status = clientErrorStatus(thrown)
  if (status === 413) return errorAnswer(protocolError(413, false))
  const message = messageOf(thrown)
  return { status, contentType: 'application/json', body: errorBody(status, message) }
}

export function errorBody(code: number, message: string): string {
  return JSON.stringify({ error_code: code, message })
}

/** Fastify's own refusals (body too large, broken content length, …) carry a status below 500. */
function clientErrorStatus(thrown: unknown): number {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}

/**
 * I7: validation hides secrets where their settings are known, and names keys in ways the redactor would
 * garble. Its errors carry the fact `secretsHidden`.
 */
function safeMessage({ message, facts }: ConnectError): string {
  return facts['secretsHidden'] === true ? cut(message) : shown(message)
}
