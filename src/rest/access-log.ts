import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../log.ts'
import { redact } from '../secrets/redact.ts'

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/**
 * One line per request in extended NCSA form, with the milliseconds it took: what log analysers of Connect
 * expect.
 */
export function logAccess(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const quoted = (value: string | undefined) => `"${field(value ?? '')}"`
  const line = [
    request.socket.remoteAddress ?? '-',
    '- -',
    `[${ncsaTime(new Date())}]`,
    quoted(`${request.method} ${request.originalUrl} HTTP/${request.raw.httpVersion}`),
    String(reply.statusCode),
    String(reply.getHeader('content-length') ?? '-'),
    quoted(request.headers.referer),
    quoted(request.headers['user-agent']),
    String(Math.round(reply.elapsedTime))
  ].join(' ')
  log.info(line)
}

/** Longest part of a line that a client can fill as it likes. */
const MOST_SHOWN = 2000

function field(value: string): string {
  const text = value.length <= MOST_SHOWN ? value : `${redact(value).slice(0, MOST_SHOWN)}…`
  return text.replaceAll('"', '\\"')
}

function ncsaTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${day}:${time} +0000`
}
