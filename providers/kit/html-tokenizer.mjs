/** What is needed of the library. Required as a whole, it would be bundled as a whole. */
export { Tokenizer } from 'htmlparser2'
