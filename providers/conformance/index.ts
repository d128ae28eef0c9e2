/**
 * The suite that every driver must pass, over HTTP against its sandbox.
 *
 * A driver's test file calls `describeProvider` with the facts about its vendor: published signature vectors,
 * webhooks to ignore, and the driver's capabilities.
 */
import { afterEach } from 'vitest'
import { describeAgents } from './agents'
import { describeCapabilities } from './capabilities'
import { describeClosing } from './closing'
import { describeConfiguration } from './configuration'
import { describeDiagnosis } from './diagnosis'
import { describeFields } from './fields'
import { describeFiles } from './files'
import { describeMoves } from './moves'
import { describeReading } from './reading'
import { describeRefusals } from './refusals'
import { createSuite, type ProviderDescriptor } from './suite'
import { describeTickets } from './tickets'
import { describeWebhooks } from './webhooks'

/** Registers the suite's tests for one provider. */
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
  describeMoves(suite)
  describeFiles(suite)
  describeFields(suite)
  describeCapabilities(suite)
  describeDiagnosis(suite)
}
