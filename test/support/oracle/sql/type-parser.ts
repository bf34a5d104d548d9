import type { SqlType } from './sql-type.ts'
import { TokenStream } from './token-stream.ts'

/**
 * Reads data types as column definitions and CAST name them. ORA-00902 for those Oracle lacks; those the
 * release lacks are refused later.
 */
export class TypeParser extends TokenStream {
  parseType(): SqlType {
    const { kind, text } = this.token
    if (kind !== 'word') this.fail(902)
    this.advance()
    switch (text) {
      case 'NUMBER':
      case 'NUMERIC':
      case 'DECIMAL':
      case 'DEC':
        return this.#number(text === 'NUMBER')
      case 'INTEGER':
      case 'INT':
      case 'SMALLINT':
        return { name: 'NUMBER', precision: null, scale: 0 }
      case 'FLOAT':
        return { name: 'NUMBER', precision: this.#size() ?? 126, scale: -127 }
      case 'REAL':
        return { name: 'NUMBER', precision: 63, scale: -127 }
      case 'DOUBLE':
        this.expect(905, 'PRECISION')
        return { name: 'NUMBER', precision: 126, scale: -127 }
      case 'VARCHAR2':
      case 'VARCHAR':
        return this.#text('VARCHAR2', null)
      case 'CHAR':
      case 'CHARACTER':
        if (this.take('VARYING')) return this.#text('VARCHAR2', null)
        return this.#text('CHAR', 1)
      case 'NVARCHAR2':
        return { ...this.#text('VARCHAR2', null), national: true, inCharacters: true }
      case 'NCHAR':
        return { ...this.#text('CHAR', 1), national: true, inCharacters: true }
      case 'TIMESTAMP':
        return this.#timestamp()
      case 'INTERVAL':
        return this.#interval()
      case 'RAW':
        return { name: 'RAW', size: this.#size() ?? this.fail(906) }
      case 'LONG':
        return this.take('RAW') ? { name: 'LONG_RAW' } : { name: 'LONG' }
      case 'NCLOB':
        return { name: 'CLOB', national: true }
      case 'UROWID':
        this.#size()
        return { name: 'UROWID' }
      case 'VECTOR':
        if (this.is('(')) this.skipParentheses()
        return { name: 'VECTOR' }
      case 'DATE':
      case 'CLOB':
      case 'BLOB':
      // Only nulls: there are no files here.
      case 'BFILE':
      case 'BINARY_FLOAT':
      case 'BINARY_DOUBLE':
      case 'ROWID':
      case 'XMLTYPE':
      case 'BOOLEAN':
      case 'JSON':
        return { name: text }
      default:
        return this.fail(902)
    }
  }

  #size(): number | null {
    if (!this.take('(')) return null
    const size = this.number() ?? this.fail(910)
    this.expect(907, ')')
    return size
  }

  #number(free: boolean): SqlType {
    if (!this.take('(')) return { name: 'NUMBER', precision: null, scale: free ? null : 0 }
    const precision = this.take('*') ? null : (this.number() ?? this.fail(1727))
    if (precision !== null && (precision < 1 || precision > 38)) this.fail(1727)
    let scale = 0
    if (this.take(',')) {
      const negative = this.take('-')
      scale = this.number() ?? this.fail(1728)
      if (negative) scale = -scale
    }
    this.expect(907, ')')
    return { name: 'NUMBER', precision, scale }
  }

  #text(name: 'VARCHAR2' | 'CHAR', standard: number | null): SqlType {
    if (!this.take('(')) return standard === null ? this.fail(906) : { name, size: standard }
    const size = this.number() ?? this.fail(910)
    if (size < 1) this.fail(1723)
    if (size > (name === 'CHAR' ? 2000 : 4000)) this.fail(910)
    const inCharacters = this.take('CHAR')
    if (!inCharacters) this.take('BYTE')
    this.expect(907, ')')
    return inCharacters ? { name, size, inCharacters } : { name, size }
  }

  #timestamp(): SqlType {
    const scale = this.#size() ?? 6
    if (scale > 9) this.fail(30_088)
    if (this.take('WITH', 'TIME', 'ZONE')) return { name: 'TIMESTAMP_TZ', scale }
    if (this.take('WITH', 'LOCAL', 'TIME', 'ZONE')) return { name: 'TIMESTAMP_LTZ', scale }
    return { name: 'TIMESTAMP', scale }
  }

  #interval(): SqlType {
    if (this.take('YEAR')) {
      const precision = this.#size() ?? 2
      this.expect(905, 'TO', 'MONTH')
      return { name: 'INTERVAL_YM', precision }
    }
    this.expect(905, 'DAY')
    const precision = this.#size() ?? 2
    this.expect(905, 'TO', 'SECOND')
    return { name: 'INTERVAL_DS', precision, scale: this.#size() ?? 6 }
  }
}
