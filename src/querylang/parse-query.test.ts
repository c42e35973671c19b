import { describe, expect, test } from 'vitest';
import { parseQuery } from './parse-query.ts';
import type { SearchNode } from './search-ast.ts';

/** A compact form of a tree: `(and msg:disk "a b")`. */
function shape(node: SearchNode): string {
  switch (node.kind) {
    case 'all':
      return '*';
    case 'and':
    case 'or':
      return `(${node.kind} ${node.operands.map(shape).join(' ')})`;
    case 'not':
      return `(not ${shape(node.operand)})`;
    case 'text': {
      const mark = { word: node.text, quoted: `"${node.text}"`, phrase: `#"${node.text}"` }[
        node.form
      ];
      return node.key === undefined ? mark : `${node.key}~${mark}`;
    }
    case 'compare':
      return `[${node.key} ${node.operator} ${node.value}]`;
    case 'range':
      return `[${node.key} ${node.lowInclusive ? '<=' : '<'} ${node.low} ${node.high} ${node.highInclusive ? '<=' : '<'}]`;
    default:
      throw new Error('unknown node');
  }
}

function parsed(text: string): string {
  return shape(parseQuery(text).search);
}

describe('precedence', () => {
  test.each([
    ['', '*'],
    ['  ', '*'],
    ['*', '*'],
    ['a', 'a'],
    ['a b', '(and a b)'],
    ['a and b AND c', '(and a b c)'],
    ['a or b and c', '(or a (and b c))'],
    ['a or b c or d', '(or a (and b c) d)'],
    ['(a or b) c', '(and (or a b) c)'],
    ['((a))', 'a'],
    ['not a', '(not a)'],
    ['NOT a and b', '(not (and a b))'],
    ['not a b or c', '(or (not (and a b)) c)'],
    ['a not b c', '(and a (not b) c)'],
    ['a and not b', '(and a (not b))'],
    ['a or not b c', '(or a (not (and b c)))'],
    ['not not a b', '(not (not (and a b)))'],
    ['not (a or b) c', '(not (and (or a b) c))'],
  ])('%s', (text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  test('the switch gives not the usual reading', () => {
    const { search } = parseQuery('not a and b', { notTakesChain: false });
    expect(shape(search)).toBe('(and (not a) b)');
  });
});

describe('atoms', () => {
  test.each([
    ['msg:disk', 'msg~disk'],
    ['msg : "disk full"', 'msg~"disk full"'],
    ['msg:#"disk full"', 'msg~#"disk full"'],
    ['#"a b"', '#"a b"'],
    ['key:*', 'key~*'],
    ['key:""', 'key~""'],
    ['key:and', 'key~and'],
    ['"and"', '"and"'],
    ['and:x', 'and~x'],
    ['a.b-c_d/e,f', 'a.b-c_d/e,f'],
    ["'disk'", "'disk'"],
    ['__tag__:__hostname__:db-1', '__tag__:__hostname__~db-1'],
    ['__TAG__:x:y', '__TAG__:x~y'],
    ['__tag__:x', '__tag__~x'],
    ['"__tag__:__path__":"/a b"', '__tag__:__path__~"/a b"'],
    ['"say \\"hi\\" \\\\ \\n"', '"say "hi" \\ \\n"'],
    ['a\\"b', 'a"b'],
    ['status >= -5', '[status >= -5]'],
    ['status<400', '[status < 400]'],
    ['retry=3', '[retry = 3]'],
    ['status in [404 500]', '[status <= 404 500 <=]'],
    ['status in (-1,300)', '[status < -1 300 <]'],
    ['status in [1.5 2e3) x', '(and [status <= 1.5 2000 <] x)'],
    ['in', 'in'],
    ['status in (a or b)', '(and status in (or a b))'],
    ['status IN [1 2]', '(and status IN [1 2])'],
    ['a=b c', '(and [a = b] c)'],
  ])('%s', (text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  test('spans are columns of the query text', () => {
    const { search } = parseQuery('  msg : "a b"  or x');
    expect(search).toMatchObject({
      span: { start: 2, end: 19 },
      operands: [{ span: { start: 2, end: 13 } }, { span: { start: 18, end: 19 } }],
    });
  });
});

describe('the analysis part', () => {
  test('starts at the first bar outside double quotes', () => {
    const query = parseQuery('msg:"a|b" |  select count(*) from log where a = \'|\'');
    expect(query.whereText).toBe('msg:"a|b"');
    expect(query.analysis).toEqual({
      kind: 'sql',
      text: "  select count(*) from log where a = '|'",
      start: 11,
    });
  });

  test.each([
    ['*', 'none'],
    ['* | ', 'none'],
    ['* | SELECT 1', 'sql'],
    ['* | /* c */ -- d\n select 1', 'sql'],
    ['* | with t as (select 1) select * from t', 'sql'],
    ['* | (select 1) union (select 2)', 'sql'],
    ['* | set session mode=scan; select 1', 'sql'],
    ['* | with_pack_meta', 'packMeta'],
    ['* | where a = 1', 'spl'],
    ['* | selected', 'spl'],
    ['|select 1', 'sql'],
  ])('%s is %s', (text, kind) => {
    expect(parseQuery(text).analysis.kind).toBe(kind);
  });
});

function syntax(start: number, end: number, near: string): string {
  const place = `error position is from column:${start} to column:${end}`;
  return `ErrorType:QueryParseError.ErrorMessage:syntax error ${place},error near < ${near} >`;
}

describe('errors', () => {
  test.each([
    ['disk)', syntax(4, 5, ')')],
    ['(disk', syntax(5, 5, '<EOF>')],
    ['"disk', syntax(0, 5, '"disk')],
    ['msg:', syntax(4, 4, '<EOF>')],
    ['msg:(disk)', syntax(4, 5, '(')],
    ['disk and', syntax(8, 8, '<EOF>')],
    ['and disk', syntax(0, 3, 'and')],
    ['a or or b', syntax(5, 7, 'or')],
    ['a:b:c', syntax(3, 4, ':')],
    ['status >', syntax(8, 8, '<EOF>')],
    ['not', syntax(3, 3, '<EOF>')],
    ['()', syntax(1, 2, ')')],
    ['> 5', syntax(0, 1, '>')],
    ['a and or b', syntax(6, 8, 'or')],
    ['a or and b', syntax(5, 8, 'and')],
    ['or', syntax(0, 2, 'or')],
    ['a (b', syntax(4, 4, '<EOF>')],
    ['(a))', syntax(3, 4, ')')],
    ['msg:)', syntax(4, 5, ')')],
    ['msg::x', syntax(4, 5, ':')],
    [': x', syntax(0, 1, ':')],
    ['a == 5', syntax(3, 4, '=')],
    ['a > (5)', syntax(4, 5, '(')],
    ['a > b > c', syntax(6, 7, '>')],
    ['#"a', syntax(0, 3, '#"a')],
    ['日志 and )', syntax(7, 8, ')')],
    ['a ) | select 1', syntax(2, 3, ')')],
    ['a\n\n)', syntax(3, 4, ')')],
  ])('%s', (text, message) => {
    expect(() => parseQuery(text)).toThrow(
      expect.objectContaining({ code: 'ParameterInvalid', message }),
    );
  });

  test.each([
    ['uri:*.js', 'cannot start with a wildcard'],
    ['?pi', 'cannot start with a wildcard'],
    ['**', 'cannot start with a wildcard'],
    [`a*${'x'.repeat(63)}`, 'at most 64 characters'],
    ['#"disk full" or timeout', 'phrase search only combines with and'],
    ['a not #"disk full"', 'phrase search only combines with and'],
    ['#"a b" | select 1', 'cannot follow a phrase'],
    ['select count(*) from log', 'sql query must follow search query,please read syntex doc'],
  ])('%s', (text, message) => {
    expect(() => parseQuery(text)).toThrow(
      expect.objectContaining({
        code: 'ParameterInvalid',
        message: expect.stringContaining(message),
      }),
    );
  });

  test.each([
    ['too long', 'a'.repeat(65_537)],
    ['too many conditions', 'a '.repeat(129)],
    ['too deep', `${'('.repeat(101)}a${')'.repeat(101)}`],
    ['too many nots', `${'not '.repeat(101)}a`],
  ])('%s', (_name, text) => {
    expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'InvalidQueryString' }));
  });

  test('the limits themselves are allowed', () => {
    expect(() => parseQuery('a '.repeat(128))).not.toThrow();
    expect(() => parseQuery(`${'('.repeat(100)}a${')'.repeat(100)}`)).not.toThrow();
  });
});
