/**
 * The account behind each desk's credentials. A ticket's number means something in its account only, so what belongs to
 * a session of another account is never touched.
 */
import { createHash } from 'node:crypto'
import { isProviderError, ProviderError } from '../../providers/errors'
import type { Account, Driver } from '../../providers/provider'
import { providers } from '../definition/registry'
import type { Call } from './call'
import { describeError } from './errors'
import { installationOf, type Installation } from './installation'
import { instanceCache } from './memory'

export type KnownAccount = NonNullable<Installation['accounts']>[string]

/** Keyed by the credentials, so that other ones are never taken for these. */
const _accounts = instanceCache<KnownAccount>('accounts', { lifetimeMs: 60 * 60_000, size: 500 })

/** Credentials that no save has checked yet: the installation is not read for each call. */
const _unsaved = instanceCache<true>('unsaved accounts', { lifetimeMs: 30_000, size: 500 })

const _key = (call: Call, name: string, credentials: string) => `${call.installation}/${name}/${credentials}`

/** Tells whether a desk's block is still the one that was checked. It reveals nothing of it. */
const _credentialsOf = ({ context }: Call, name: string): string => {
  const { enabled: _switch, ...block } = ((context.configuration as Record<string, unknown> | undefined)?.[name] ??
    {}) as Record<string, unknown>
  const fields = Object.entries(block).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([name, fields]))
    .digest('base64url')
    .slice(0, 22)
}

/** The account as a save stores it. */
export const toKnownAccount = (call: Call, name: string, { id, botId }: Account): KnownAccount => ({
  id,
  credentials: _credentialsOf(call, name),
  ...(botId ? { botId } : {}),
})

/** The account of the current credentials, as far as this installation tells. Makes no call. */
export const storedAccount = (call: Call, name: string, { accounts }: Installation): KnownAccount | undefined => {
  const credentials = _credentialsOf(call, name)
  const stored = accounts?.[name]
  if (stored?.credentials !== credentials) return _accounts(call).get(_key(call, name, credentials))
  _accounts(call).set(_key(call, name, credentials), stored)
  return stored
}

/** Notes the accounts of an installation that was just read: a desk's first call then needn't read it again. */
export const rememberAccounts = (call: Call, installation: Installation, names: string[]): void => {
  for (const name of names) {
    if (!storedAccount(call, name, installation)) _unsaved(call).set(_key(call, name, _credentialsOf(call, name)), true)
  }
}

/**
 * The same, read once per instance. Undefined while the credentials were not saved since accounts are recorded. Throws
 * as Botpress does.
 */
export const savedAccount = async (call: Call, name: string): Promise<KnownAccount | undefined> => {
  const key = _key(call, name, _credentialsOf(call, name))
  const known = _accounts(call).get(key)
  if (known || _unsaved(call).get(key)) return known
  const stored = storedAccount(call, name, await installationOf(call))
  if (!stored) _unsaved(call).set(key, true)
  return stored
}

/** The account of the current credentials. Asks the desk when no save has. Throws as the desk and Botpress do. */
const _accountOf = async (call: Call, name: string, driver: Driver): Promise<KnownAccount> => {
  const saved = await savedAccount(call, name)
  if (saved) return saved
  const account = toKnownAccount(call, name, await driver.checkCredentials())
  _accounts(call).set(_key(call, name, account.credentials), account)
  return account
}

/** Whether what was opened in `account` belongs to the current credentials. Throws as the desk and Botpress do. */
export const isOfAccount = async (
  call: Call,
  { name, driver }: { name: string; driver: Driver },
  account: string | undefined
): Promise<boolean> => account === undefined || (await _accountOf(call, name, driver)).id === account

/**
 * The same for a driver's caller, who expects a driver's errors only. While Botpress can't be read, nothing is sent:
 * that is an outage, and says nothing about the message.
 */
const _isOfAccount = async (
  call: Call,
  name: string,
  driver: Driver,
  account: string | undefined
): Promise<boolean> => {
  try {
    return await isOfAccount(call, { name, driver }, account)
  } catch (error) {
    if (isProviderError(error)) throw error
    throw new ProviderError(
      name,
      'unavailable',
      `Could not find out whose account a ticket is in: ${describeError(error)}`,
      { cause: error }
    )
  }
}

/** A ticket with the account in which it was opened, if that is known. */
interface AccountTicket {
  id: string
  account?: string
}

/**
 * The same driver, which touches no ticket of another account: then it throws `misconfigured`. What the account's own
 * bot user has written in a ticket is left out.
 */
export const withinAccount = (call: Call, name: string, driver: Driver): Driver => {
  const check = async ({ id, account }: AccountTicket): Promise<void> => {
    if (await _isOfAccount(call, name, driver, account)) return
    const title = providers[name]?.title ?? name
    call.log.warn('A ticket belongs to another account than the saved credentials. It is left alone', {
      desk: name,
      ticketId: id,
    })
    throw new ProviderError(
      name,
      'misconfigured',
      `The ticket belongs to another ${title} account than the saved credentials: ` +
        'put credentials of that account back to go on with its open sessions'
    )
  }
  const { catchUp, reflect, reportFate } = driver
  return {
    ...driver,
    postMessage: async (ticket, message) => {
      await check(ticket)
      return driver.postMessage(ticket, message)
    },
    closeTicket: async (ticket) => {
      await check(ticket)
      return driver.closeTicket(ticket)
    },
    ...(catchUp && {
      catchUp: async (ticket, cursor) => {
        await check(ticket)
        const [read, account] = await Promise.all([catchUp.call(driver, ticket, cursor), savedAccount(call, name)])
        return { ...read, events: read.events.filter((event) => !isByBot(account, event)) }
      },
    }),
    ...(reportFate && {
      reportFate: async (ticket, messageId, fate) => {
        await check(ticket)
        await reportFate.call(driver, ticket, messageId, fate)
      },
    }),
    ...(reflect && {
      reflect: async (ticket, change) => {
        if (
          await check(ticket).then(
            () => true,
            () => false
          )
        )
          await reflect.call(driver, ticket, change)
      },
    }),
  }
}

/** Whether the account's own bot user has done it. */
export const isByBot = (account: KnownAccount | undefined, event: object): boolean =>
  account?.botId !== undefined &&
  'agent' in event &&
  (event.agent as { id?: unknown } | undefined)?.id === account.botId
