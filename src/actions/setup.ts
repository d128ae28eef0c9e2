import { RuntimeError } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'
import type { ConfigProblem, Subscription } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { toKnownAccount, type KnownAccount } from '../botpress/accounts'
import { connectDesk, connectUnready } from '../botpress/desk'
import { configuredDesks, deskProblems } from '../botpress/configuration'
import { hidingProblems } from '../botpress/hiding'
import { describeError } from '../botpress/errors'
import { subscriptionTarget } from '../botpress/subscribed'
import {
  createInstallation,
  forgetSubscriptions,
  patchInstallation,
  readStoredInstallation,
} from '../botpress/installation'
import { providers } from '../definition/registry'
import { deskFields } from '../routing/config'
import { describeRouting } from '../routing/describe'
import type { ConfiguredDesk } from '../routing/routing'
import { convertConfiguration, isOlderShape } from './older-shape'
import { countedDesks } from './desk-places'
import { messageProblems } from '../botpress/message-settings'
import { readRouting, routingProblems } from './plan'
import { preparePlaces } from './prepare-places'

/**
 * Runs when the configuration is saved. Throws a RuntimeError that lists every problem. Then checks the credentials of
 * all enabled desks in parallel and finds or creates their webhooks. Anything you must paste into a vendor's settings
 * is printed in the integration log. Idempotent. Resets the health of all desks, since the problem may just have been
 * fixed.
 */
export const register = async (call: Call, webhookUrl: string): Promise<void> => {
  const { configuration } = call.context
  const problems = [
    ...deskProblems(configuration),
    ...routingProblems(configuration),
    ...messageProblems(configuration),
    ...(await hidingProblems(configuration)),
  ]
  if (problems.length > 0) throw new RuntimeError(listProblems('The configuration cannot be saved:', problems))

  _readBack(call)
  const enabled = configuredDesks(call.context.configuration).filter((desk) => desk.enabled)
  for (const desk of enabled) if (desk.notReady !== undefined) _explainUnready(call, desk, webhookUrl)
  const ready = enabled.filter((desk) => desk.notReady === undefined)
  const reading = readStoredInstallation(call)
  reading.catch(() => undefined)
  const results = await Promise.all(
    ready.map(async ({ provider: name, title }) => ({ title, name, ...(await _setUp(call, name, webhookUrl)) }))
  )
  const failed = results.flatMap(({ title, error }) => (error === undefined ? [] : [{ field: title, problem: error }]))

  const stored = await reading
  const before = stored ?? { version: 1, subscriptions: {} }
  const subscriptions: Record<string, Subscription> = { ...before.subscriptions }
  const accounts = { ...before.accounts }
  const pending: Record<string, string> = {}
  for (const { name, subscription, account, isPending } of results) {
    if (isPending) pending[name] = subscriptionTarget(call, name, webhookUrl).url
    if (subscription) subscriptions[name] = subscription
    if (account) {
      _reportReplaced(call, name, before.accounts?.[name], account)
      accounts[name] = account
    }
  }
  // Also after a failure: the other desks' webhooks exist and have to be verified.
  if (
    JSON.stringify(subscriptions) !== JSON.stringify(before.subscriptions) ||
    JSON.stringify(accounts) !== JSON.stringify(before.accounts ?? {}) ||
    JSON.stringify(pending) !== JSON.stringify(before.pending ?? {}) ||
    before.webhookUrl !== webhookUrl ||
    Object.keys(before.health ?? {}).length > 0
  ) {
    const change = { subscriptions, accounts, pending, webhookUrl, health: {} }
    await (stored ? patchInstallation(call, change) : createInstallation(call, change))
  }
  forgetSubscriptions(call)
  await preparePlaces(call, before, countedDesks(call.context.configuration))
  if (failed.length > 0)
    throw new RuntimeError(listProblems('The configuration cannot be saved, since a desk did not accept it:', failed))
}

/** Logs how each field of routing was understood, and what an older configuration is in the form that Studio shows. */
const _readBack = (call: Call): void => {
  const { configuration } = call.context
  for (const line of describeRouting(readRouting(configuration))) call.log.info(`Routing: ${line}`)
  if (!isOlderShape(configuration)) return
  const { routing, ...desks } = convertConfiguration(configuration)
  const settings = Object.entries(desks).map(([name, block]) => [name, _settings(block)] as const)
  const shown = Object.fromEntries(settings.filter(([, fields]) => Object.keys(fields).length > 0))
  call.log.info(
    `Routing has the shape of an older version, which still works. In the form it is:\n${JSON.stringify({ ...shown, routing }, undefined, 2)}`
  )
}

/** What a desk's block says about routing: nothing secret. */
const _settings = (block: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries((block ?? {}) as Record<string, unknown>).filter(([field]) => Object.hasOwn(SETTINGS, field))
  )

const SETTINGS = deskFields()

/** A desk that isn't ready is saved all the same. The log says how to get what is missing. */
const _explainUnready = (call: Call, { provider: name, title, notReady }: ConfiguredDesk, webhookUrl: string): void => {
  call.log.warn(`${title} takes no handoffs yet: ${notReady ?? ''}. Fill it in and save again`, { desk: name })
  const instructions = connectUnready(call, name)?.driver.instructions?.(subscriptionTarget(call, name, webhookUrl))
  if (instructions) call.log.info(`${title}: do this once by hand.\n${instructions}`, { desk: name })
}

interface SetUp {
  subscription?: Subscription
  account?: KnownAccount
  error?: string
  /** The vendor is still setting up: the desk is saved, and takes no handoffs until it is ready. */
  isPending?: boolean
}

const _reportReplaced = (call: Call, name: string, before: KnownAccount | undefined, after: KnownAccount): void => {
  if (before === undefined || before.id === after.id) return
  call.log.warn(
    `${providers[name]?.title ?? name} has another account now. Open sessions of the earlier one are left alone: ` +
      'their messages are not delivered until its credentials are saved again',
    { desk: name }
  )
}

const _setUp = async (call: Call, name: string, webhookUrl: string): Promise<SetUp> => {
  const desk = connectDesk(call, name)
  if (!desk) return { error: 'its configuration is incomplete' }
  const target = subscriptionTarget(call, name, webhookUrl)
  // Printed before anything can fail: the missing step may be among these.
  const instructions = desk.driver.instructions?.(target)
  if (instructions) call.log.info(`${desk.provider.title}: do this once by hand.\n${instructions}`, { desk: name })
  let account: KnownAccount | undefined
  try {
    const checking = desk.driver.checkCredentials()
    // Beside the check, whose error says more.
    const subscribing = desk.driver.subscribe?.(target)
    subscribing?.catch(() => undefined)
    const found = await checking
    account = toKnownAccount(call, name, found)
    const subscription = await subscribing
    call.log.info(`${desk.provider.title} is connected: ${found.description}`, { desk: name })
    return { account, ...(subscription ? { subscription } : {}) }
  } catch (error) {
    const problem = describeError(error).replace(`[${name}] `, '')
    if (!isProviderError(error) || error.code !== 'pending') return { error: problem }
    call.log.warn(`${desk.provider.title} takes no handoffs yet, and is asked again with the next one: ${problem}`, {
      desk: name,
    })
    return { isPending: true, ...(account ? { account } : {}) }
  }
}

/**
 * Runs when the installation is removed. Removes only what it created at the desks. A desk that fails doesn't stop it.
 */
export const unregister = async (call: Call, webhookUrl: string): Promise<void> => {
  await Promise.all(
    configuredDesks(call.context.configuration).map(async ({ provider: name }) => {
      const desk = connectDesk(call, name)
      if (!desk) {
        call.log.warn(
          `The configuration of ${providers[name]?.title ?? name} isn’t valid any more: remove its webhook there by hand`,
          { desk: name }
        )
      }
      try {
        await desk?.driver.unsubscribe?.(subscriptionTarget(call, name, webhookUrl))
      } catch (error) {
        call.log.warn(`Could not clean up at ${providers[name]?.title ?? name}: remove its webhook there by hand`, {
          desk: name,
          error: describeError(error),
        })
      }
    })
  )
}

/** Lists problems for the bot builder, one per line. */
export const listProblems = (heading: string, problems: ConfigProblem[]): string =>
  [heading, ...problems.map(({ field, problem }) => `- ${field}: ${problem}`)].join('\n')
