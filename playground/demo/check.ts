/** Checks that every text arrived once, in order, at the right place. */

/** Returns the differences, one sentence each. `where` names the place, such as `at Zendesk`. */
export const compareTexts = (where: string, expected: readonly string[], actual: readonly string[]): string[] => {
  const expectedCounts = _counts(expected)
  const actualCounts = _counts(actual)
  const problems = [...new Set([...expected, ...actual])].flatMap((text) => {
    const [wanted, found] = [expectedCounts.get(text) ?? 0, actualCounts.get(text) ?? 0]
    if (wanted === found) return []
    if (found < wanted) return [`lost ${where}: “${text}”${wanted > 1 ? ` (${found} of ${wanted} times)` : ''}`]
    if (wanted === 0) return [`unexpected ${where}: “${text}”`]
    return [`duplicated ${where}: “${text}” (${found} times)`]
  })
  const inOrder = expected.every((text, index) => actual[index] === text)
  return problems.length > 0 || inOrder ? problems : [`out of order ${where}: ${actual.join(' | ')}`]
}

const _counts = (texts: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

/** Compares the desks where tickets of a session were found with its expected desk. */
export const compareDesks = (expected: string, found: readonly string[]): string[] => {
  if (found.length === 0) return ['lost: no desk has a ticket for this session']
  const elsewhere = found.filter((desk) => desk !== expected)
  const here = found.length - elsewhere.length
  return [
    ...elsewhere.map((desk) => `misrouted: this session has a ticket at ${desk} instead of ${expected}`),
    ...(here > 1 ? [`duplicated: this session has ${here} tickets at ${expected}`] : []),
  ]
}
