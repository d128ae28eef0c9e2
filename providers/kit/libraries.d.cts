import type { Tokenizer } from 'htmlparser2'
import type { Lexer } from 'marked'

declare const libraries: {
  tokenizer(): typeof Tokenizer
  lexer(): typeof Lexer
}
export = libraries
