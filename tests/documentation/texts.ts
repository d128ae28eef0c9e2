/** Collects the errors and warnings of the product from its sources, by their syntax. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { filesUnder, ROOT } from '../imports'

export interface ProductText {
  /** The words, with `…` for whatever is filled in. */
  text: string
  /** `src/actions/plan.ts:47` */
  where: string
}

export interface Collected {
  texts: ProductText[]
  /** Places whose text can't be read from the source, because it is made elsewhere. */
  unreadable: string[]
}

const _isProduct = (file: string): boolean =>
  !/\.test\.ts$|testing\.ts$|\.fixture\.ts$|\/sandbox\/|^providers\/conformance\//.test(file)

export const collectTexts = (): Collected => {
  const collected: Collected = { texts: [], unreadable: [] }
  for (const file of [...filesUnder('src'), ...filesUnder('providers')].filter(_isProduct)) {
    const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true)
    const visit = (node: ts.Node): void => {
      const argument = _textArgument(node)
      if (argument) {
        const where = `${file}:${source.getLineAndCharacterOfPosition(argument.getStart()).line + 1}`
        const read = _textsOf(argument)
        for (const text of read) collected.texts.push({ text, where })
        if (read.length === 0) collected.unreadable.push(where)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return collected
}

/** The expression that is the text of an error or a warning, if this node makes one. */
const _textArgument = (node: ts.Node): ts.Expression | undefined => {
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    if (node.expression.text === 'RuntimeError') return node.arguments?.[0]
    if (node.expression.text === 'ProviderError') return node.arguments?.[2]
  }
  if (ts.isCallExpression(node)) {
    const called = node.expression
    if (ts.isPropertyAccessExpression(called) && ['warn', 'error'].includes(called.name.text)) {
      const logged = called.expression.getText()
      return /(?:^|\.)log$/.test(logged) ? node.arguments[0] : undefined
    }
    // kit/http.ts makes its errors with this.
    if (ts.isIdentifier(called) && called.text === 'fail') return node.arguments[1]
    // Lines joined into one text begin with a heading.
    const isJoined = ts.isPropertyAccessExpression(called) && called.name.text === 'join'
    const isError = isJoined && node.getSourceFile().fileName.startsWith('src/')
    if (isError && ts.isArrayLiteralExpression(called.expression) && _separator(node) === '\n') {
      const [first] = called.expression.elements
      return first && ts.isStringLiteralLike(first) && /[.:]$/.test(first.text) ? first : undefined
    }
  }
  // A level beside a message: what is logged is decided elsewhere.
  if (ts.isObjectLiteralExpression(node)) {
    const named = (name: string) =>
      node.properties.filter(ts.isPropertyAssignment).find((property) => property.name.getText() === name)?.initializer
    const level = named('level')
    if (level && ts.isStringLiteral(level) && ['warn', 'error'].includes(level.text)) return named('message')
  }
  return undefined
}

const _separator = ({ arguments: [separator] }: ts.CallExpression): string | undefined =>
  separator && ts.isStringLiteralLike(separator) ? separator.text : undefined

/** Every text that an expression may have. Empty: it can't be read. */
const _textsOf = (expression: ts.Expression): string[] => {
  if (ts.isStringLiteralLike(expression)) return [expression.text]
  if (ts.isParenthesizedExpression(expression)) return _textsOf(expression.expression)
  if (ts.isTemplateExpression(expression))
    return [
      expression.templateSpans
        .reduce((text, { literal }) => `${text}…${literal.text}`, expression.head.text)
        .replace(/…+/g, '…'),
    ]
  if (ts.isConditionalExpression(expression))
    return [..._textsOf(expression.whenTrue), ..._textsOf(expression.whenFalse)]
  if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [_textsOf(expression.left), _textsOf(expression.right)]
    return left.flatMap((before) => right.map((after) => before + after))
  }
  if (!ts.isCallExpression(expression)) return []
  // Lines joined into one text: their heading.
  if (ts.isPropertyAccessExpression(expression.expression)) {
    const lines = expression.expression.expression
    return ts.isArrayLiteralExpression(lines) && lines.elements[0] ? _textsOf(lines.elements[0]) : []
  }
  // `listProblems('The heading:', problems)`
  const [heading] = expression.arguments
  return heading && ts.isStringLiteralLike(heading) ? [heading.text] : []
}
