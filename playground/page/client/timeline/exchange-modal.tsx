import { Button, Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Payload } from '../../exchanges'
import type { ExchangeView } from '../../view'
import { duration, exactTime } from '../parts/time'
import { ask, usePage } from '../state/page-state'
import { Marks } from './timeline-marks'

interface Contents {
  request?: Payload
  response?: Payload
}

interface ModalProps {
  exchange: ExchangeView | undefined
  lanes: { name: string; label: string }[]
  onClose(): void
}

const WAYS = [
  ['replay', 'Replay', 'The same bytes arrive once more.'],
  ['duplicate', 'Duplicate', 'Two more copies arrive at once, freshly signed.'],
  ['forge', 'Forge', 'Somebody sends it signed with another secret.'],
] as const

/** Request and response of one exchange. The server has hidden the secrets. */
export const ExchangeModal = ({ exchange, lanes, onClose }: ModalProps) => {
  const { move } = usePage()
  const [contents, setContents] = useState<Contents>({})
  const { id, status } = exchange ?? {}
  useEffect(() => {
    setContents({})
    if (id !== undefined) ask<Contents>(`exchange?id=${id}`).then(setContents, () => setContents({}))
  }, [id, status])
  if (!exchange) return null
  const label = (name: string) => lanes.find((lane) => lane.name === name)?.label ?? name
  const { webhook } = exchange
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={
        <span className="drawer-title">
          {label(exchange.from)} → {label(exchange.to)}: {exchange.title}
        </span>
      }
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="exchange-facts">
        {exactTime(exchange.at)} <Marks exchange={exchange} />
        {exchange.durationMs === undefined ? null : ` took ${duration(exchange.durationMs)}`}
      </p>
      {webhook === undefined ? null : (
        <div className="ways" role="group" aria-label="Send this webhook again">
          {WAYS.map(([way, name, what]) => (
            <div key={way}>
              <Button
                size="xs"
                variant={way === 'forge' ? 'outline' : 'default'}
                color={way === 'forge' ? 'red.9' : 'brand'}
                onClick={() => void move('webhook', { desk: exchange.from, index: webhook, way }).then(onClose)}
              >
                {name}
              </Button>
              <small>{what}</small>
            </div>
          ))}
        </div>
      )}
      <Part title="Request" {...(contents.request ? { payload: contents.request } : {})} />
      <Part title="Response" {...(contents.response ? { payload: contents.response } : {})} />
    </Modal>
  )
}

const Part = ({ title, payload }: { title: string; payload?: Payload }) => (
  <section className="payload" aria-label={title}>
    <h3>{title}</h3>
    {payload ? (
      <pre tabIndex={0}>
        <b>{payload.line}</b>
        {'\n'}
        {Object.entries(payload.headers ?? {})
          .map(([name, value]) => `${name}: ${value}\n`)
          .join('')}
        {payload.body ? `\n${pretty(payload.body)}` : ''}
      </pre>
    ) : (
      <p className="empty">None.</p>
    )}
  </section>
)

/** JSON with indentation, a form line by line, anything else as it is. */
const pretty = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2)
  } catch {
    return /^[\w.-]+=[^\s]*$/.test(body) ? formText(body) : body
  }
}

const formText = (body: string): string =>
  [...new URLSearchParams(body)].map(([name, value]) => `${name}: ${pretty(value)}`).join('\n')
