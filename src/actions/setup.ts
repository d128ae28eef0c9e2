import { RuntimeError } from '@botpress/sdk'
import type { ConfigProblem, Subscription } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, subscriptionTarget } from '../botpress/desk'
import { configuredDesks, deskProblems } from '../botpress/configuration'
import { describeError } from '../botpress/errors'
import { forgetSubscriptions, patchInstallation, readInstallation } from '../botpress/installation'
import { providers } from '../definition/registry'
import { countedDesks, routingProblems } from './plan'
import { preparePlaces } from './places'

/**
 * Runs when the configuration is saved. Throws a RuntimeError that lists every problem. Then checks the credentials of
 * all enabled desks in parallel and finds or creates their webhooks. Anything you must paste into a vendor's settings
 * is printed in the integration log. Idempotent. Resets the health of all desks, since the problem may just have been
 * fixed.
 */
export const register = async (call: Call, webhookUrl: string): Promise<void> => {
  const problems = [...deskProblems(call.context.configuration), ...routingProblems(call.context.configuration)]
  if (problems.length > 0) throw new RuntimeError(listProblems('The configuration cannot be saved:', problems))

  const enabled = configuredDesks(call.context.configuration).filter((desk) => desk.enabled)
  const results = await Promise.all(
    enabled.map(async ({ provider: name, title }) => ({ title, name, ...(await _setUp(call, name, webhookUrl)) }))
  )
  const failed = results.flatMap(({ title, error }) => (error === undefined ? [] : [{ field: title, problem: error }]))

  const before = await readInstallation(call)
  const subscriptions: Record<string, Subscription> = { ...before.subscriptions }
  for (const { name, subscription } of results) if (subscription) subscriptions[name] = subscription
  // Also after a failure: the other desks' webhooks exist and have to be verified.
  if (
    JSON.stringify(subscriptions) !== JSON.stringify(before.subscriptions) ||
    Object.keys(before.health ?? {}).length > 0
  ) {
    await patchInstallation(call, { subscriptions, health: {} })
  }
  forgetSubscriptions(call)
  await preparePlaces(call, before, countedDesks(call.context.configuration))
  if (failed.length > 0)
    throw new RuntimeError(listProblems('The configuration cannot be saved, since a desk did not accept it:', failed))
}

interface SetUp {
  subscription?: Subscription
  error?: string
}

const _setUp = async (call: Call, name: string, webhookUrl: string): Promise<SetUp> => {
  const desk = connectDesk(call, name)
  if (!desk) return { error: 'its configuration is incomplete' }
  const target = subscriptionTarget(call, name, webhookUrl)
  // Printed before anything can fail: the missing step may be among these.
  const instructions = desk.driver.instructions?.(target)
  if (instructions) call.log.info(`${desk.provider.title}: do this once by hand.\n${instructions}`, { desk: name })
  try {
    const account = await desk.driver.checkCredentials()
    const subscription = await desk.driver.subscribe?.(target)
    call.log.info(`${desk.provider.title} is connected: ${account.description}`, { desk: name })
    return subscription ? { subscription } : {}
  } catch (error) {
    return { error: describeError(error).replace(`[${name}] `, '') }
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
