import { Button, Loader } from '@mantine/core'
import { usePage } from '../state/page-state'

/** Scenarios in one click, and what to watch in the one that plays. */
export const Scenarios = () => {
  const { view, move } = usePage()
  const { scenario, scenarios } = view
  const playing = scenarios.find(({ id }) => id === scenario?.id)
  return (
    <section className="scenarios" aria-label="Scenarios">
      <div className="pills">
        <span className="lead">Play a scenario</span>
        {scenarios.map(({ id, title }) => (
          <Button
            key={id}
            size="xs"
            radius="xl"
            variant={id === scenario?.id ? 'filled' : 'default'}
            aria-pressed={id === scenario?.id}
            onClick={() => void move('scenario', { id })}
          >
            {title}
          </Button>
        ))}
      </div>
      <p className="watch" role="status">
        {playing ? (
          <>
            {scenario?.isRunning ? <Loader size={14} aria-hidden="true" /> : null}
            <strong>{scenario?.isRunning ? 'Watch:' : 'You saw:'}</strong> {playing.watch}
            {scenario?.isRunning ? '' : ' Go on from here.'}
          </>
        ) : (
          'Or write to the bot as Eve, ask for a human, and answer at the desk that gets the ticket.'
        )}
      </p>
    </section>
  )
}
