/** Markdown as React elements. Nothing becomes HTML: what isn't known is shown as its text. */
import { marked, type Token, type Tokens } from 'marked'
import { Fragment, type ReactNode } from 'react'

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': '’' }
const plain = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => ENTITIES[name] ?? '')

const children = (tokens: Token[] = []): ReactNode =>
  tokens.map((token, index) => <Fragment key={index}>{element(token)}</Fragment>)

const element = (token: Token): ReactNode => {
  const inner = () => children(token.type === 'list' ? [] : (token as Tokens.Generic).tokens)
  switch (token.type) {
    case 'paragraph':
      return <p>{inner()}</p>
    case 'strong':
      return <strong>{inner()}</strong>
    case 'em':
      return <em>{inner()}</em>
    case 'del':
      return <del>{inner()}</del>
    case 'codespan':
      return <code>{token['text'] as string}</code>
    case 'code':
      return <pre>{token['text'] as string}</pre>
    case 'br':
      return <br />
    case 'blockquote':
      return <blockquote>{inner()}</blockquote>
    case 'heading':
      return (
        <p>
          <strong>{inner()}</strong>
        </p>
      )
    case 'link':
      return <Link href={(token as Tokens.Link).href}>{inner()}</Link>
    case 'list': {
      const { ordered, items } = token as Tokens.List
      const entries = items.map((item, index) => <li key={index}>{children(item.tokens)}</li>)
      return ordered ? <ol>{entries}</ol> : <ul>{entries}</ul>
    }
    case 'space':
      return null
    case 'text':
      return (token as Tokens.Text).tokens ? inner() : plain((token as Tokens.Text).text)
    case 'escape':
      return plain((token as Tokens.Escape).text)
    default:
      return (token as Tokens.Generic).raw
  }
}

export const Link = ({ href, children: inner }: { href: string; children: ReactNode }) =>
  /^(?:https?:|mailto:|tel:|\/samples\/)/i.test(href) ? (
    <a href={href} target="_blank" rel="noreferrer">
      {inner}
    </a>
  ) : (
    <>{inner}</>
  )

export const Markdown = ({ text }: { text: string }) => (
  <div className="markdown">{children(marked.lexer(text, { gfm: true, breaks: true }))}</div>
)
