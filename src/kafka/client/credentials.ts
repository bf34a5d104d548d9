import type { Clock } from '../../clock.ts'
import type { LoginSettings } from '../../settings/clients/login-settings.ts'
import { type AccessToken, OAuthTokenSource } from './oauth-token.ts'

/** What a client shows the brokers when it logs in. */
export type Credentials =
  | Exclude<LoginSettings, { mechanism: 'OAUTHBEARER' }>
  | {
      readonly mechanism: 'OAUTHBEARER'
      /** The current access token; fetched when there is none or it is about to expire. */
      readonly token: () => Promise<AccessToken>
      readonly extensions: Readonly<Record<string, string>>
    }

/** `clock` tells how old a token is. */
export function credentialsOf(login: LoginSettings, clock: Clock): Credentials {
  if (login.mechanism !== 'OAUTHBEARER') return login
  const { mechanism, request, extensions } = login
  const source = new OAuthTokenSource(clock, request)
  return { mechanism, token: () => source.token(), extensions }
}
