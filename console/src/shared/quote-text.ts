/** A text as one quoted operand of a search: blanks, delimiters, operators and wildcards in it are data. */
export function quoteText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
