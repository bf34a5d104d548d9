import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { ConnectError } from '../../errors.ts'

const GZIP = 1
const ZSTD = 4
const inThreads = new Map<number, (records: Buffer) => Promise<Buffer>>([
  [GZIP, promisify(gunzip)],
  [ZSTD, promisify(zstdDecompress)]
])

/** Below this the way to a thread and back costs more than it saves. */
const LEAST_FOR_THREAD = 32_768

/**
 * The records of a batch as they were before compression, given its number. Large ones are unpacked by Node's
 * threads where they can, so that the event loop goes on.
 */
export function decompressed(records: Buffer, compression: number): Buffer | Promise<Buffer> {
  if (compression === 0) return records
  const inThread = inThreads.get(compression)
  if (inThread !== undefined && records.length >= LEAST_FOR_THREAD) return inThread(records)
  const algorithms: Readonly<Record<number, { decompressSync(data: Buffer): Buffer }>> =
    compressionsAlgorithmsByBitmask
  const algorithm = algorithms[compression]
  if (algorithm !== undefined) return algorithm.decompressSync(records)
  throw new ConnectError('KAFKA_ERROR', `it holds a batch of unknown compression ${compression}`)
}
