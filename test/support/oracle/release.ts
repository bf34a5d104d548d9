/** What a server says of itself, and what follows for the wire. */
export interface Release {
  /** TTC's field version. */
  readonly fieldVersion: number
  /** As one number, for logons. */
  readonly versionNumber: number
  /** `19.0.0.0.0` and `19.3.0.0.0`, as V$INSTANCE and V$VERSION have them. */
  readonly version: string
  readonly fullVersion: string
  /** First line of the banner. */
  readonly banner: string
  /** Whether columns may be BOOLEAN, JSON and VECTOR. */
  readonly hasNewTypes: boolean
}

const edition = (name: string, version: string): string =>
  `Oracle Database ${name} Enterprise Edition Release ${version} - Production`

/** The older release, the simplest that all clients take; the newer one has types of its own. */
export const RELEASES = {
  '19c': {
    fieldVersion: 12,
    versionNumber: 0x13_03_00_00,
    version: '19.0.0.0.0',
    fullVersion: '19.3.0.0.0',
    banner: edition('19c', '19.0.0.0.0'),
    hasNewTypes: false
  },
  '23ai': {
    fieldVersion: 24,
    versionNumber: 0x17_04_01_85,
    version: '23.0.0.0.0',
    fullVersion: '23.4.0.24.05',
    banner: edition('23ai', '23.0.0.0.0'),
    hasNewTypes: true
  }
} as const satisfies Record<string, Release>

export const fullBanner = ({ banner, fullVersion }: Release): string =>
  `${banner}\nVersion ${fullVersion}`
