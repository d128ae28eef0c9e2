/** Reads the router’s explanation, line by line, as `explain` writes it. */
export interface RankedCard {
  title: string
  /** Absent: the desk is out. */
  place?: number
  reason: string
}

export interface RankingView {
  /** `Goes to Zendesk` */
  decision: string
  cards: RankedCard[]
  /** Language, rule and remarks. */
  remarks: string[]
}

const CARD = /^ ?(?:(\d+)\.| ?-) (.+?) – (.*)$/

export const readRanking = (lines: readonly string[]): RankingView => {
  const rest = lines[0]?.startsWith('At ') ? lines.slice(1) : lines
  const [decision = '', ...others] = rest
  const cards: RankedCard[] = []
  const remarks: string[] = []
  for (const line of others) {
    const [, place, title, reason] = CARD.exec(line) ?? []
    if (title === undefined || reason === undefined) remarks.push(line)
    else cards.push({ title, reason, ...(place ? { place: Number(place) } : {}) })
  }
  return { decision, cards, remarks }
}
