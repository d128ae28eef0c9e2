/**
 * The suite that every desk's driver must pass, over HTTP against its sandbox.
 *
 * A driver's test file calls `describeProvider` with what only that vendor knows: its published signature vectors, bodies of kinds that it does not
 * handle, and the capabilities that it has. The rooms of the suite are in `kit/testing`.
 */
import { afterEach } from 'vitest'
import { describeAgents } from './agents'
import { describeCapabilities } from './capabilities'
import { describeClosing } from './closing'
import { describeConfiguration } from './configuration'
import { describeReading } from './reading'
import { describeRefusals } from './refusals'
import { createSuite, type ProviderDescriptor } from './setting'
import { describeTickets } from './tickets'
import { describeWebhooks } from './webhooks'

export const describeProvider = (descriptor: ProviderDescriptor): void => {
  const suite = createSuite(descriptor)
  afterEach(suite.closeAll)
  describeConfiguration(suite)
  describeWebhooks(suite)
  describeTickets(suite)
  describeAgents(suite)
  describeReading(suite)
  describeClosing(suite)
  describeRefusals(suite)
  describeCapabilities(suite)
}
