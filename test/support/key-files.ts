import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Password of every encrypted key and store, but where another is given. */
export const KEY_PASSWORD = 'open, Sesame: 1&x'

export interface KeyFolder {
  /** `ca.pem`, `<name>.pem`, `<name>.key` and what was made of them. */
  readonly path: (name: string) => string
  openssl(...args: string[]): void
  keytool(...args: string[]): void
  /** A key with a certificate of `ca.pem`, for these host names and addresses. */
  issue(
    name: string,
    options?: { readonly ec?: boolean; readonly san?: string; readonly cn?: string }
  ): void
  /** `<name>.p12` of an issued key, as OpenSSL makes it; its alias is the name. */
  pkcs12(name: string): void
  /** What stands in a PKCS#12 store, in one of the JDK's kinds. */
  copyStore(from: string, to: string, type: string, ...more: string[]): void
  /** A store with `ca.pem` in it. */
  trustStore(file: string, type: 'JKS' | 'PKCS12'): void
  remove(): void
}

/**
 * Keys and certificates in a folder of their own, made by OpenSSL and the JDK's keytool, with an authority of
 * their own.
 */
export function keyFolder(): KeyFolder {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  const path = (name: string): string => join(folder, name)
  const run = (command: string, args: readonly string[]): void => {
    execFileSync(command, args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        LC_ALL: 'C.UTF-8',
        JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1'
      }
    })
  }
  const openssl = (...args: string[]): void => run('openssl', args)
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '3650',
    '-subj',
    '/CN=Test CA',
    '-addext',
    'basicConstraints=critical,CA:TRUE'
  )
  const keytool = (...args: string[]): void => run('keytool', args)
  const words = (text: string): string[] => text.split(' ')
  return {
    path,
    openssl,
    keytool,
    pkcs12(name) {
      const made = words(
        `pkcs12 -export -in ${name}.pem -inkey ${name}.key -name ${name} -out ${name}.p12`
      )
      openssl(...made, '-passout', `pass:${KEY_PASSWORD}`)
    },
    copyStore(from, to, type, ...more) {
      const copied = words(
        `-importkeystore -noprompt -srckeystore ${from} -srcstoretype PKCS12 -destkeystore ${to} -deststoretype ${type}`
      )
      const passwords = ['-srcstorepass', KEY_PASSWORD, '-deststorepass', KEY_PASSWORD]
      keytool(...copied, ...passwords, ...more)
    },
    trustStore(file, type) {
      const imported = words(
        `-importcert -noprompt -alias ca -file ca.pem -storetype ${type} -keystore ${file}`
      )
      keytool(...imported, '-storepass', KEY_PASSWORD)
    },
    issue(name, { ec = false, san = 'IP:127.0.0.1', cn = name } = {}) {
      const kind = ec
        ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
        : ['-newkey', 'rsa:2048']
      openssl(
        'req',
        ...kind,
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${cn}`
      )
      writeFileSync(path(`${name}.ext`), `subjectAltName=${san}\n`)
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '3650',
        '-extfile',
        `${name}.ext`
      )
    },
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
