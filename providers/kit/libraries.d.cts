import type { Tokenizer } from 'htmlparser2'
import type { Lexer } from 'marked'
import type pino from 'pino'

declare const libraries: {
  tokenizer(): typeof Tokenizer
  lexer(): typeof Lexer
  pino(): typeof pino
}
export = libraries
