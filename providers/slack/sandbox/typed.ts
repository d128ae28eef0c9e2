/** What people type, as Slack's composer sends it. */

/** Escapes typed text like Slack's composer. `<@U…>` stands for a mention and stays. */
export const escapeTyped = (text: string): string =>
  text
    .split(/(<@[A-Z0-9]+>)/)
    .map((piece, index) =>
      index % 2 === 1 ? piece : piece.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    )
    .join('')

/** Typed text as the `rich_text` block that Slack's composer sends. `<@U…>` stands for a mention. */
export const richTextOf = (text: string): Record<string, unknown> => ({
  type: 'rich_text',
  block_id: 'b1',
  elements: [
    {
      type: 'rich_text_section',
      elements: text
        .split(/<@([A-Z0-9]+)>/)
        .map((piece, index) => (index % 2 === 1 ? { type: 'user', user_id: piece } : { type: 'text', text: piece }))
        .filter((element) => element.text !== ''),
    },
  ],
})
