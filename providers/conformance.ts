/**
 * The suite that every desk's driver must pass, over HTTP against its sandbox.
 *
 * A driver's test file calls `describeProvider` with what only that vendor knows: its published signature vectors, bodies of kinds that it does not
 * handle, and the capabilities that it has. The rooms of the suite are in `kit/testing`.
 */
import { afterEach } from 'vitest'
import { describeAgents } from './kit/testing/agents'
import { describeCapabilities } from './kit/testing/capabilities'
import { describeClosing } from './kit/testing/closing'
import { describeConfiguration } from './kit/testing/configuration'
import { describeReading } from './kit/testing/reading'
import { describeRefusals } from './kit/testing/refusals'
import { createSuite, type ProviderDescriptor } from './kit/testing/setting'
import { describeTickets } from './kit/testing/tickets'
import { describeWebhooks } from './kit/testing/webhooks'

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
