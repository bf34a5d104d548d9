import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../../../errors.ts'
import { materialOf } from '../../../../tls/key-material.ts'
import { readKeyStore, readTrustStore } from '../../../../tls/key-store.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

/**
 * Keys and certificates for TCPS, as the driver takes them: a folder with ewallet.pem, or the text of one.
 */
export interface OracleWallet {
  readonly location: string | null
  readonly content: string | null
  readonly password: string | null
}

export const NO_WALLET: OracleWallet = { location: null, content: null, password: null }

/**
 * `written` is a folder: `/dir`, `file:/dir`, `(SOURCE=(METHOD=file)(METHOD_DATA=(DIRECTORY=/dir)))`. Without
 * one, the stores of Java are read. ConfigError for what cannot be read.
 */
export function walletOf(
  written: string | null,
  properties: DriverProperties,
  problem: (why: string) => ConfigError
): OracleWallet {
  const password = properties.text('oracle.net.wallet_password')
  if (written === null || /^system$/i.test(written)) return ofJavaStores(properties)
  const folder =
    /DIRECTORY\s{0,9}=\s{0,9}([^)]{1,4096})\)/i.exec(written)?.[1]?.trim() ??
    written.replace(/^file:(\/\/)?/i, '')
  const has = (name: string): boolean => existsSync(join(folder, name))
  if (has('ewallet.pem') || !existsSync(folder))
    return { location: folder, content: null, password }
  if (!has('ewallet.p12')) {
    throw problem(
      `the wallet folder ${folder} holds no ewallet.pem or ewallet.p12; cwallet.sso has to be converted: orapki wallet export`
    )
  }
  const store = materialOf('oracle.net.wallet_location', join(folder, 'ewallet.p12'))
  return { location: null, content: textOfStore(store, password), password: null }
}

/** A wallet without a key of its own trusts only, which the driver does not take. */
function textOfStore(store: ReturnType<typeof materialOf>, password: string | null): string {
  const { key, cert } = readKeyStore(store, { store: password, key: password })
  return `${key}${cert}${readTrustStore(store, password).join('')}`
}

function ofJavaStores(properties: DriverProperties): OracleWallet {
  const ownFile = properties.word('javax.net.ssl.keyStore')
  const trustedFile = properties.word('javax.net.ssl.trustStore')
  if (ownFile === null) {
    if (trustedFile === null) return NO_WALLET
    throw new ConfigError(
      `${properties.at('javax.net.ssl.trustStore')} is refused without javax.net.ssl.keyStore: Oracle's driver for Node trusts whom this machine trusts, or a wallet that has a key too. NODE_EXTRA_CA_CERTS names more certificates to trust`
    )
  }
  const password = properties.text('javax.net.ssl.keyStorePassword')
  const own = readKeyStore(
    materialOf('javax.net.ssl.keyStore', ownFile),
    { store: password, key: password },
    properties.word('oracle.net.ssl_certificate_alias')
  )
  const trusted =
    trustedFile === null
      ? []
      : readTrustStore(
          materialOf('javax.net.ssl.trustStore', trustedFile),
          properties.text('javax.net.ssl.trustStorePassword')
        )
  return { location: null, content: [own.key, own.cert, ...trusted].join(''), password: null }
}
