/** Calls of the router's actions, as the hitl plugin makes them. */
import { providers } from '../../src/definition/registry'
import { createStage, type Stage } from './simulated'

/** A stage with every desk configured, in the registry's order unless `routing` says otherwise. */
export const startStage = async (
  routing: Record<string, unknown> = { order: Object.keys(providers) },
  options: Parameters<typeof createStage>[0] = {}
): Promise<Stage> => {
  const stage = await createStage(options)
  await stage.save(stage.configuration(routing))
  return stage
}

/** Calls an action. A call that succeeds has an `output`, one that fails has a `message`. */
export const action = async (stage: Stage, type: string, input: unknown) => {
  const reply = await stage.finish(stage.botpress.runtime.gateway.action(type, input))
  const { message, output } = JSON.parse(reply.body ?? '{}') as { message?: string; output?: Record<string, string> }
  return { status: reply.status, message, output }
}

/** Creates a user and returns its id. */
export const newUser = async (stage: Stage, email = 'eve@customer.example'): Promise<string> => {
  const { output } = await action(stage, 'createUser', { name: 'Eve Customer', email })
  return output?.userId ?? ''
}

/** Input of `startHitl` for this user. */
export const startInput = (userId: string, more: Record<string, unknown> = {}) => ({
  userId,
  title: 'Printer on fire',
  messageHistory: [{ source: { type: 'user', userId }, type: 'text', payload: { text: 'my printer burns' } }],
  ...more,
})
