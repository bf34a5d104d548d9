import { readSmallFile } from '../../../../small-file.ts'
import { join } from 'node:path'

/**
 * How many addresses a connect string names, each of which gets its share of the time there is; at least 1.
 */
export function addressCount(connectString: string, configDir: string | null): number {
  if (connectString.startsWith('(')) return inDescriptor(connectString)
  if (/[:/]/.test(connectString)) return inEasyConnect(connectString)
  return configDir === null ? 1 : inDescriptor(descriptorOf(connectString, configDir))
}

function inDescriptor(text: string): number {
  return Math.max(1, text.match(/\(\s*ADDRESS\s*=/gi)?.length ?? 0)
}

/** `tcp://host1,host2;host3:port/service` */
function inEasyConnect(text: string): number {
  const hosts = text.replace(/^\w+:\/\//, '').split('/')[0] ?? ''
  return hosts.split(/[,;]/).filter((host) => host.trim() !== '').length
}

/** The entry of an alias in tnsnames.ora; empty when it is not there, which the driver says. */
function descriptorOf(alias: string, configDir: string): string {
  let text: string
  try {
    text = readSmallFile(join(configDir, 'tnsnames.ora'))
      .toString('utf8')
      .replace(/^\s*#.*$/gm, '')
  } catch {
    return ''
  }
  const escaped = alias.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const start = new RegExp(`^\\s*(?:[\\w.-]+\\s*,\\s*)*${escaped}(?:\\s*,[^=(]*)?\\s*=`, 'im').exec(
    text
  )
  if (start === null) return ''
  let depth = 0
  const from = start.index + start[0].length
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth += 1
    else if (text[at] === ')' && --depth === 0) return text.slice(from, at + 1)
  }
  return text.slice(from)
}
