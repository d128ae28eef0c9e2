/** Hides credentials in what the page shows. */
import type { Sandbox } from '../../providers/kit/sandbox'
import type { Payload } from './exchanges'

export const HIDDEN = '••••••'

const SECRET_HEADER = /authorization|signature|secret|token|cookie|api-key/i
const SECRET_FIELD = /("(?:[\w-]*(?:token|secret|password|apiKey|api_key|authorization))"\s*:\s*")([^"]+)(")/gi
const SECRET_PARAMETER = /((?:^|&)(?:token|client_secret|access_token|code|password)=)([^&]+)/gi

/** The values that `secrets` names are hidden wherever they appear. */
export const createRedact = (sandboxes: Record<string, Sandbox>) => {
  const secrets = Object.values(sandboxes)
    .flatMap(({ config, otherConfig = {} }) => [...Object.entries(config), ...Object.entries(otherConfig)])
    .filter(([name, value]) => /secret|token|password|key/i.test(name) && typeof value === 'string')
    .map(([, value]) => String(value))
  const text = (value: string): string => {
    let shown = value
    for (const secret of secrets) shown = shown.replaceAll(secret, HIDDEN)
    return shown.replace(SECRET_FIELD, `$1${HIDDEN}$3`).replace(SECRET_PARAMETER, `$1${HIDDEN}`)
  }
  return ({ line, headers = {}, body = '' }: Payload): Payload => ({
    line: text(line),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, SECRET_HEADER.test(name) ? HIDDEN : text(value)])
    ),
    body: text(body),
  })
}
