import { compressionsAlgorithms } from '@platformatic/kafka'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'

type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** How the records of a batch are compressed, and the bits of a batch's attributes that say so. */
export interface Compression {
  readonly bitmask: number
  compress(records: Buffer): Buffer
}

export const noCompression: Compression = { bitmask: 0, compress: (records) => records }

/** `level` null: the library's own. LZ4 and Snappy have one. */
export function compressionOf(type: CompressionType, level: number | null): Compression {
  if (type === 'none') return noCompression
  const { bitmask, compressSync } = compressionsAlgorithms[type]
  if (type === 'gzip' && level !== null) {
    return { bitmask, compress: (records) => gzipSync(records, { level }) }
  }
  if (type === 'zstd' && level !== null) {
    const params = { [constants.ZSTD_c_compressionLevel]: level }
    return { bitmask, compress: (records) => zstdCompressSync(records, { params }) }
  }
  return { bitmask, compress: (records) => compressSync(records) }
}
