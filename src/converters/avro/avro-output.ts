import { RecordOutput } from '../registry/record-output.ts'

/** Below this a zigzag number, which is twice as large, is still exact. */
const SAFE_ZIGZAG = 2 ** 51

/** Avro's binary encoding. */
export class AvroOutput extends RecordOutput {
  constructor() {
    super(2)
  }

  /** An int, or a long that is a safe integer or a bigint. */
  long(value: number | bigint): void {
    if (typeof value === 'bigint') this.#bigLong(value)
    else if (value > -SAFE_ZIGZAG && value < SAFE_ZIGZAG) {
      this.varint(value < 0 ? -value * 2 - 1 : value * 2)
    } else this.#bigLong(BigInt(value))
  }

  #bigLong(value: bigint): void {
    this.bigVarint((value << 1n) ^ (value >> 63n))
  }
}
