/** Writes a search tree as text that parses back to the same tree (spans aside). */
import { unreachable } from '#base/assert.ts';
import type { SearchNode, TextNode } from './search-ast.ts';

const SPECIAL = /[\s()":<>=\\|]/;
const OPERATOR_WORD = /^(?:and|or|not)$/i;

/** The text of a tree that `parseQuery` could have made. */
export function printSearch(node: SearchNode): string {
  switch (node.kind) {
    case 'all':
      return '*';
    case 'or':
      return node.operands
        .map((operand) => printOperand(operand, operand.kind === 'or'))
        .join(' or ');
    case 'and':
      return node.operands
        .map((operand) => printOperand(operand, isCompound(operand)))
        .join(' and ');
    case 'not':
      return `not ${printOperand(node.operand, isCompound(node.operand))}`;
    case 'text':
      return node.key === undefined ? printText(node) : `${printKey(node.key)}:${printText(node)}`;
    case 'compare':
      return `${printKey(node.key)} ${node.operator} ${printValue(node.value)}`;
    case 'range': {
      const low = `${node.lowInclusive ? '[' : '('}${node.low}`;
      const high = `${node.high}${node.highInclusive ? ']' : ')'}`;
      return `${printKey(node.key)} in ${low} ${high}`;
    }
    default:
      return unreachable(node);
  }
}

function printOperand(node: SearchNode, inParentheses: boolean): string {
  return inParentheses ? `(${printSearch(node)})` : printSearch(node);
}

function isCompound(node: SearchNode): boolean {
  return node.kind === 'and' || node.kind === 'or' || node.kind === 'not';
}

function printText(node: TextNode): string {
  if (node.form === 'word') return escape(node.text);
  return node.form === 'quoted' ? `"${escape(node.text)}"` : `#"${escape(node.text)}"`;
}

function printKey(key: string): string {
  const isPlain = isPlainWord(key) && !OPERATOR_WORD.test(key) && key.toLowerCase() !== '__tag__';
  return isPlain ? key : `"${escape(key)}"`;
}

function printValue(value: string): string {
  return isPlainWord(value) ? value : `"${escape(value)}"`;
}

function isPlainWord(text: string): boolean {
  return text !== '' && !text.startsWith('#') && !SPECIAL.test(text);
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
