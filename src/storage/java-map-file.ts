import { DataError } from '../errors.ts'

/**
 * A `java.util.HashMap<byte[], byte[]>` in Java's object serialisation, which is what Kafka's standalone
 * offset file holds (Java Object Serialization Specification, chapter 6: Grammar for the Stream Format).
 */
const MAGIC = Buffer.from('aced0005', 'hex')
const TC_NULL = 0x70
const TC_REFERENCE = 0x71
const TC_CLASSDESC = 0x72
const TC_OBJECT = 0x73
const TC_ARRAY = 0x75
const TC_BLOCKDATA = 0x77
const TC_ENDBLOCKDATA = 0x78
const BASE_HANDLE = 0x7e0000

// name, serialVersionUID, flags (SC_SERIALIZABLE|SC_WRITE_METHOD), fields `float loadFactor; int threshold`,
// no annotation, no superclass
const HASH_MAP_CLASS = Buffer.concat([
  Buffer.from('720011', 'hex'),
  Buffer.from('java.util.HashMap'),
  Buffer.from('0507dac1c31660d1030002', 'hex'),
  Buffer.from('46000a', 'hex'),
  Buffer.from('loadFactor'),
  Buffer.from('490009', 'hex'),
  Buffer.from('threshold'),
  Buffer.from('7870', 'hex')
])
// class `[B`: serialVersionUID, flags (SC_SERIALIZABLE), no fields, no annotation, no superclass
const BYTE_ARRAY_CLASS = Buffer.concat([
  Buffer.from('720002', 'hex'),
  Buffer.from('[B'),
  Buffer.from('acf317f8060854e002', 'hex'),
  Buffer.from('00007870', 'hex')
])
const LOAD_FACTOR = 0.75

export interface JavaMapEntry {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** The file ends in the middle of a value: Kafka takes such a file as empty. */
export class TruncatedFileError extends Error {
  constructor() {
    super('The file ends in the middle of a value')
  }
}

export function encodeJavaMap(entries: readonly JavaMapEntry[]): Buffer {
  let capacity = 16
  while (entries.length > capacity * LOAD_FACTOR) capacity *= 2
  const head = Buffer.alloc(18)
  head.writeFloatBE(LOAD_FACTOR, 0)
  head.writeInt32BE(capacity * LOAD_FACTOR, 4)
  head.writeUInt8(TC_BLOCKDATA, 8)
  head.writeUInt8(8, 9)
  head.writeInt32BE(capacity, 10)
  head.writeInt32BE(entries.length, 14)
  const parts: Buffer[] = [MAGIC, Buffer.of(TC_OBJECT), HASH_MAP_CLASS, head]
  let classWritten = false
  for (const { key, value } of entries) {
    for (const bytes of [key, value]) {
      if (bytes === null) {
        parts.push(Buffer.of(TC_NULL))
        continue
      }
      // The first array carries its class, handle 2 (after the map's class and the map); the others refer to
      // it.
      const type: Buffer = classWritten ? Buffer.from('71007e0002', 'hex') : BYTE_ARRAY_CLASS
      classWritten = true
      const length = Buffer.alloc(4)
      length.writeInt32BE(bytes.length)
      parts.push(Buffer.of(TC_ARRAY), type, length, bytes)
    }
  }
  parts.push(Buffer.of(TC_ENDBLOCKDATA))
  return Buffer.concat(parts)
}

/**
 * Entries in the order of the file. Throws TruncatedFileError, or DataError when the file holds anything
 * else.
 */
export function decodeJavaMap(bytes: Buffer): JavaMapEntry[] {
  const reader = new JavaMapReader(bytes)
  reader.expect(MAGIC, 'a Java object stream')
  reader.expect(Buffer.of(TC_OBJECT), 'a Java object')
  reader.expect(HASH_MAP_CLASS, 'a java.util.HashMap')
  // Class and map take the first two handles.
  reader.handles.push('class', 'map')
  reader.take(8)
  reader.expect(Buffer.of(TC_BLOCKDATA, 8), 'the size of the map')
  const size = reader.take(8).readInt32BE(4)
  const entries: JavaMapEntry[] = []
  for (let i = 0; i < size; i++) entries.push({ key: reader.array(), value: reader.array() })
  reader.expect(Buffer.of(TC_ENDBLOCKDATA), 'the end of the map')
  return entries
}

class JavaMapReader {
  readonly handles: ('class' | 'map' | 'arrayClass' | Buffer)[] = []
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  take(length: number): Buffer {
    if (length < 0) throw new DataError('The file holds an array of negative length')
    if (this.#at + length > this.#bytes.length) throw new TruncatedFileError()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  expect(expected: Buffer, what: string): void {
    const available = this.#bytes.subarray(this.#at, this.#at + expected.length)
    // Only a beginning of what is expected is a file cut short.
    if (!expected.subarray(0, available.length).equals(available)) {
      throw new DataError(`The file does not hold ${what} at byte ${this.#at}`)
    }
    this.take(expected.length)
  }

  /** A `byte[]`, null, or a reference to an array met before. */
  array(): Buffer | null {
    const type = this.take(1).readUInt8()
    if (type === TC_NULL) return null
    if (type === TC_REFERENCE) {
      const known = this.#reference()
      if (known instanceof Buffer) return known
      throw new DataError('The file refers to something else where a byte array should be')
    }
    if (type !== TC_ARRAY) throw new DataError('The file holds something else than byte arrays')
    if (this.#bytes[this.#at] === TC_CLASSDESC) {
      this.expect(BYTE_ARRAY_CLASS, 'the class of byte arrays')
      this.handles.push('arrayClass')
    } else {
      this.expect(Buffer.of(TC_REFERENCE), 'the class of an array')
      if (this.#reference() !== 'arrayClass') {
        throw new DataError('The file holds arrays of something else than bytes')
      }
    }
    const array = this.take(this.take(4).readInt32BE())
    this.handles.push(array)
    return array
  }

  #reference(): 'class' | 'map' | 'arrayClass' | Buffer | undefined {
    return this.handles[this.take(4).readInt32BE() - BASE_HANDLE]
  }
}
