import { ConnectError } from '../errors.ts'
import { protocolError } from './error-answer.ts'

const JSON_TYPE = 'application/json'

/**
 * 415 unless the declared type is JSON (any charset: bodies are read as UTF-8). Without a type a request
 * passes, except when its body is going to be read (`reads`).
 */
export function checkContentType(
  contentType: string | undefined,
  hasBody: boolean,
  reads: boolean
): void {
  if (contentType === undefined || contentType.trim() === '') {
    if (reads && hasBody) throw protocolError(415, false)
    return
  }
  const type = mediaType(contentType)
  if (!/^[^\s/]+\/[^\s/]+$/.test(type)) throw new ConnectError('BAD_REQUEST', 'Bad Request')
  if (type === 'application/*' || type === '*/*') {
    if (reads) throw protocolError(415, false)
    return
  }
  if (type !== JSON_TYPE) throw protocolError(415)
}

/**
 * The Content-Type to answer with: JSON with the parameters the client asked for. 406 when it takes no JSON.
 */
export function acceptedType(accept: string | undefined): string {
  if (accept === undefined || accept.trim() === '') return JSON_TYPE
  for (const range of accept.split(',')) {
    const type = mediaType(range)
    if (type === '*/*' || type === 'application/*' || type === '*') return JSON_TYPE
    if (type === JSON_TYPE) {
      const parameters = range
        .split(';')
        .slice(1)
        .map((parameter) => parameter.trim())
        .filter((parameter) => /^charset=[\w-]+$/i.test(parameter))
      return [JSON_TYPE, ...parameters].join(';')
    }
  }
  throw protocolError(406)
}

/** True when the client takes plain text (the answer of OPTIONS). */
export function acceptsText(accept: string | undefined): boolean {
  return (
    accept === undefined ||
    accept.trim() === '' ||
    accept
      .split(',')
      .some((range) => ['*/*', 'text/*', 'text/plain', '*'].includes(mediaType(range)))
  )
}

function mediaType(text: string): string {
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase()
}
