/** The target of attacks: a world with an open session at every desk. */
import type { WebhookRequest } from '../../providers/provider'
import { createActors, type PlayedHandoff } from '../chaos/actors'
import { VENDOR_MOVES } from '../chaos/moves'
import type { Move } from '../chaos/script'
import { CALM } from '../chaos/kinds'
import { createStage, type Stage } from '../chaos/stage'
import type { InvokeReply } from '../../playground/botpress'

export interface Target {
  stage: Stage
  played: PlayedHandoff[]
  /** Webhooks that the desks sent, with valid signatures. */
  genuine: { desk: string; request: WebhookRequest }[]
  /** Everything that an attack might change, as JSON. */
  state(): string
  /** Sends a request and lets simulated time pass until it is answered. */
  send(work: () => Promise<InvokeReply>): Promise<InvokeReply>
  close(): Promise<void>
}

const SETTLED_MS = 30_000

export const createTarget = async (desks: string[]): Promise<Target> => {
  const stage = await createStage({ seed: 'target', desks, weather: CALM })
  const { clock, world, webhooks } = stage
  const { runtime, bot } = world.botpress
  const actors = createActors(bot, runtime, world.sandboxes, clock)
  const at = (after: number, move: Move) => ({ after, move, agent: 0 })
  const open = (desk: string, handoff: number, more: Move[]) =>
    actors.open({
      handoff,
      desk,
      startsAt: 0,
      early: [],
      steps: [
        at(5_000, 'agent-takes'),
        at(3_000, 'agent-says'),
        at(3_000, 'customer-says'),
        ...more.map((move) => at(3_000, move)),
      ],
    })
  const played = desks.map((desk, handoff) => open(desk, handoff, []))
  // What the vendors do to tickets is announced by other webhooks. These sessions are nobody's target.
  const moved = desks.map((desk, index) => open(desk, desks.length + index, ['agent-edits', ...VENDOR_MOVES]))
  await clock.run(Promise.all([...played, ...moved].map((handoff) => actors.play(handoff))))
  await clock.drain(SETTLED_MS)
  const genuine = Object.entries(world.sandboxes).flatMap(([desk, sandbox]) =>
    sandbox.deliveries.log.map(({ delivery }) => ({ desk, request: delivery.request }))
  )
  if (new Set(genuine.map(({ desk }) => desk)).size < desks.length) throw new Error('A desk sent no webhook')
  const { store } = runtime
  return {
    stage,
    played,
    genuine,
    state: () =>
      JSON.stringify([
        store.users.withTags({}),
        store.conversations.withTags({}),
        store.messages.withTags({}),
        store.events.withTags({}),
        [...store.states.values()],
        Object.values(world.sandboxes).map((sandbox) => sandbox.tickets()),
        webhooks.givenUp,
      ]),
    send: (work) => clock.run(work()),
    close: stage.close,
  }
}
