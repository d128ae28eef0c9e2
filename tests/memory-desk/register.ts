/** The whole product with the memory desk, which is no part of it: it joins the registry of the test's process. */
import { onTestFinished } from 'vitest'
import { memoryDesk } from '.'
import type { ConfigSchema, Provider } from '../../providers/provider'
import { providers } from '../../src/definition/registry'
import { createStage, type Stage } from '../support/simulated'
import { createSandbox, type MemorySandbox } from './sandbox'

export const MEMORY_DESK = memoryDesk.name

export interface MemoryStage extends Stage {
  desk: MemorySandbox
}

/** A stage with the memory desk, and with the other `desks` after it. The configuration is saved. */
export const openMemoryStage = async (
  messages: Record<string, unknown> = {},
  { desks = [], before }: { desks?: string[]; before?: (desk: MemorySandbox) => void } = {}
): Promise<MemoryStage> => {
  providers[MEMORY_DESK] = memoryDesk as unknown as Provider<ConfigSchema>
  // Other tests may share this process.
  onTestFinished(() => {
    delete providers[MEMORY_DESK]
  })
  let desk: MemorySandbox | undefined
  const stage = await createStage({
    desks: [MEMORY_DESK, ...desks],
    others: { [MEMORY_DESK]: (options) => (desk ??= createSandbox(options)) },
  })
  if (!desk) throw new Error('The world has no memory desk')
  before?.(desk)
  await stage.save({ ...stage.configuration(), messages })
  return { ...stage, desk }
}
