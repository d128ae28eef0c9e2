/** The state of the server, and how the page changes it. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { CustomerView, PageView } from '../../view'

export interface PageState {
  view: PageView
  /** The customer that this tab looks at. */
  customer: CustomerView | undefined
  choose(key: string): void
  /** Makes a move. Resolves to its answer, or to undefined when it was refused: the page then says why. */
  move<Answer = object>(name: string, body: object): Promise<Answer | undefined>
  /** The playground's time, in milliseconds since the epoch. */
  now(): number
  problem: string
  dismiss(): void
  isConnected: boolean
  /** The server is of another build than this page. */
  isOutdated: boolean
}

const Context = createContext<PageState | undefined>(undefined)

export const usePage = (): PageState => {
  const state = useContext(Context)
  if (!state) throw new Error('The page has no state')
  return state
}

const BUILD = document.querySelector<HTMLMetaElement>('meta[name=build]')?.content ?? ''
const UNREACHABLE =
  'The playground doesn’t respond. If it was stopped, start it again with npm start: it goes on where it was.'

/** Asks the server. Rejects with the reason in words. */
export const ask = async <Answer,>(path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`/api/${path}`, {
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    headers: { 'content-type': 'application/json', 'x-page-build': BUILD },
  }).catch(() => {
    throw new Error(UNREACHABLE)
  })
  const answer = (await response.json()) as Answer & { error?: string }
  if (!response.ok) throw new Error(answer.error ?? `The playground answered ${response.status}`)
  return answer
}

const useStream = () => {
  const [view, setView] = useState<PageView>()
  const [isConnected, setConnected] = useState(true)
  useEffect(() => {
    const source = new EventSource('/api/events')
    source.addEventListener('open', () => setConnected(true))
    source.addEventListener('message', ({ data }) => setView(JSON.parse(String(data)) as PageView))
    source.addEventListener('error', () => setConnected(false))
    return () => source.close()
  }, [])
  return { view, isConnected }
}

/** The chosen customer of this tab. A scenario chooses the one that it is about. */
const useChosen = (view: PageView | undefined) => {
  const [chosen, setChosen] = useState(() => sessionStorage.getItem('customer') ?? '')
  const choose = useCallback((key: string) => {
    sessionStorage.setItem('customer', key)
    setChosen(key)
  }, [])
  const ofScenario = view?.scenario?.customer
  const followed = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (followed.current !== undefined && ofScenario && ofScenario !== followed.current) choose(ofScenario)
    if (view) followed.current = ofScenario ?? ''
  }, [ofScenario, view, choose])
  const customer = view?.customers.find(({ key }) => key === chosen) ?? view?.customers[0]
  return { customer, choose }
}

export const PageProvider = ({ children }: { children: ReactNode }) => {
  const { view, isConnected } = useStream()
  const { customer, choose } = useChosen(view)
  const [problem, setProblem] = useState('')
  const aheadMs = view?.aheadMs ?? 0

  const move = useCallback(async <Answer,>(name: string, body: object): Promise<Answer | undefined> => {
    try {
      const answer = await ask<Answer>(name, body)
      setProblem('')
      return answer
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }, [])

  const state = useMemo<PageState | undefined>(
    () =>
      view && {
        view,
        customer,
        choose,
        move,
        now: () => Date.now() + aheadMs,
        problem: isConnected ? problem : UNREACHABLE,
        dismiss: () => setProblem(''),
        isConnected,
        isOutdated: view.build !== BUILD,
      },
    [view, customer, choose, move, aheadMs, problem, isConnected]
  )
  if (!state) return <p className="loading">{isConnected ? 'The playground is starting…' : UNREACHABLE}</p>
  return <Context value={state}>{children}</Context>
}
