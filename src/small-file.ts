import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Larger files hold neither settings nor keys; reading one would block everything else. */
const MAX_BYTES = 1024 * 1024

/**
 * A file that somebody has named in a setting, who may be anybody that reaches the port. I8: a pipe or a
 * device, which might never end, is not read, nor more of a file than it says it has. Throws an Error with a
 * `code`, as those of Node have one.
 */
export function readSmallFile(path: string): Buffer {
  // Not to wait for the other end of a pipe.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw refusal('it is not a file', 'EINVAL')
    if (stat.size > MAX_BYTES) throw refusal(`it is larger than ${MAX_BYTES} bytes`, 'EFBIG')
    const bytes = Buffer.alloc(stat.size)
    let at = 0
    for (let read = -1; read !== 0 && at < bytes.length; at += read) {
      read = readSync(file, bytes, at, bytes.length - at, null)
    }
    return bytes.subarray(0, at)
  } finally {
    closeSync(file)
  }
}

function refusal(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}
