/** Whether what people wrote arrived: everything, once, in order, at the right place. */

/** What is wrong, one sentence each. `where` completes "… at Zendesk". */
export const compareTexts = (where: string, expected: readonly string[], actual: readonly string[]): string[] => {
  const wanted = _counts(expected)
  const found = _counts(actual)
  const problems = [...new Set([...expected, ...actual])].flatMap((text) => {
    const [want, have] = [wanted.get(text) ?? 0, found.get(text) ?? 0]
    if (want === have) return []
    if (have < want) return [`lost ${where}: “${text}”${want > 1 ? ` (${have} of ${want} times)` : ''}`]
    if (want === 0) return [`not meant to be seen ${where}: “${text}”`]
    return [`doubled ${where}: “${text}” (${have} times)`]
  })
  const inOrder = expected.every((text, index) => actual[index] === text)
  return problems.length > 0 || inOrder ? problems : [`out of order ${where}: ${actual.join(' | ')}`]
}

const _counts = (texts: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

/** Where the tickets of one session were found, against where its one ticket has to be. */
export const compareDesks = (expected: string, found: readonly string[]): string[] => {
  if (found.length === 0) return [`lost: no desk has a ticket of this session`]
  const elsewhere = found.filter((desk) => desk !== expected)
  const here = found.length - elsewhere.length
  return [
    ...elsewhere.map((desk) => `misrouted: a ticket of this session is at ${desk}, it belongs to ${expected}`),
    ...(here > 1 ? [`doubled: ${here} tickets of this session at ${expected}`] : []),
  ]
}
