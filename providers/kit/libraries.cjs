/**
 * Libraries that only some paths need, and that take milliseconds to load. Each is loaded at its first use. This file
 * is CommonJS because `require` loads at once, where `import()` would make every caller asynchronous. The bundler
 * resolves it, so it also works in the one file that is deployed.
 */
exports.tokenizer = () => require('./html-tokenizer.mjs').Tokenizer
exports.lexer = () => require('marked').Lexer
exports.pino = () => require('pino')
