import { RuntimeError } from '@botpress/sdk'
import type { ConfigProblem, Subscription } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, subscriptionTarget } from '../botpress/desk'
import { configuredDesks, deskProblems } from '../botpress/configuration'
import { describeError } from '../botpress/errors'
import { forgetSubscriptions, patchInstallation, readInstallation } from '../botpress/installation'
import { providers } from '../definition/registry'
import { routingProblems } from './plan'

/**
 * The configuration is saved. Refuses what cannot work with every problem at once; then each enabled desk, side by side: credentials, and its webhooks found or created. What has to be pasted at a vendor by hand is logged
 * for the bot builder. Saving twice changes nothing. Resets the health of all desks: whoever saves has just mended something.
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
  // Also after a failure: what was created at a desk that did work is known from now on.
  if (
    JSON.stringify(subscriptions) !== JSON.stringify(before.subscriptions) ||
    Object.keys(before.health ?? {}).length > 0
  ) {
    await patchInstallation(call, { subscriptions, health: {} })
  }
  forgetSubscriptions(call)
  if (failed.length > 0)
    throw new RuntimeError(listProblems('The configuration cannot be saved, a desk refuses it:', failed))
}

interface SetUp {
  subscription?: Subscription
  error?: string
}

const _setUp = async (call: Call, name: string, webhookUrl: string): Promise<SetUp> => {
  const desk = connectDesk(call, name)
  if (!desk) return { error: 'its configuration is incomplete' }
  const target = subscriptionTarget(call, name, webhookUrl)
  // Before anything can fail: what has to be done by hand may be what is missing.
  const instructions = desk.driver.instructions?.(target)
  if (instructions) call.log.info(`${desk.provider.title}: to be done by hand, once.\n${instructions}`, { desk: name })
  try {
    const account = await desk.driver.checkCredentials()
    const subscription = await desk.driver.subscribe?.(target)
    call.log.info(`${desk.provider.title} is connected: ${account}`, { desk: name })
    return subscription ? { subscription } : {}
  } catch (error) {
    return { error: describeError(error).replace(`[${name}] `, '') }
  }
}

/** The installation is removed: what it made at the desks goes, and nothing else. A desk that does not answer keeps nobody from uninstalling. */
export const unregister = async (call: Call, webhookUrl: string): Promise<void> => {
  await Promise.all(
    configuredDesks(call.context.configuration).map(async ({ provider: name }) => {
      const desk = connectDesk(call, name)
      if (!desk) {
        call.log.warn(
          `${providers[name]?.title ?? name} cannot be asked any more: remove what was set up there by hand`,
          { desk: name }
        )
      }
      try {
        await desk?.driver.unsubscribe?.(subscriptionTarget(call, name, webhookUrl))
      } catch (error) {
        call.log.warn(
          `Could not remove what was set up at ${providers[name]?.title ?? name}: remove its webhook there by hand`,
          {
            desk: name,
            error: describeError(error),
          }
        )
      }
    })
  )
}

/** Problems as a bot builder reads them, a line each. */
export const listProblems = (heading: string, problems: ConfigProblem[]): string =>
  [heading, ...problems.map(({ field, problem }) => `- ${field}: ${problem}`)].join('\n')
