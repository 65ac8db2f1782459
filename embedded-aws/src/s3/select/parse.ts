import { S3Error } from '../errors.js';
import { type Token, tokensOf } from './tokens.js';

/**
 * S3 Select's SQL, which is one SELECT without joins, grouping, ordering or subqueries. What is not of it is refused here, as S3 does.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-select.html
 */
export interface SelectQuery {
  /** Nothing for `*`. */
  columns?: { expression: Expression; name?: string }[];
  /** What stands behind `S3Object`: member names, positions, and `*` for each element. */
  from: (string | number | { each: true })[];
  where?: Expression;
  limit?: number;
}

export type Expression =
  | { kind: 'number' | 'text'; value: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'null' }
  | { kind: 'path'; steps: (string | number)[] }
  | { kind: 'not' | 'minus'; of: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'is'; of: Expression; what: 'null' | 'missing'; negated: boolean }
  | { kind: 'between'; of: Expression; low: Expression; high: Expression; negated: boolean }
  | { kind: 'in'; of: Expression; list: Expression[]; negated: boolean }
  | { kind: 'like'; of: Expression; pattern: Expression; escape?: Expression; negated: boolean }
  | { kind: 'case'; subject?: Expression; branches: { when: Expression; value: Expression }[]; otherwise?: Expression }
  | { kind: 'cast'; of: Expression; type: string }
  /** `COUNT(*)` has no arguments; `part` is the first word of EXTRACT, DATE_ADD, DATE_DIFF and TRIM. */
  | { kind: 'call'; name: string; part?: string; args: Expression[] };

/** Weakest first. */
const precedence: Record<string, number> = {
  OR: 1,
  AND: 2,
  '=': 4,
  '<>': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '||': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
};
const notPrecedence = 3;
const predicatePrecedence = 4;

const maxExpressionBytes = 256 * 1024;
const maxDepth = 200;

/** @throws S3Error with the code that S3 gives: ParseUnexpectedToken, ParseUnsupportedSelect, ExpressionTooLong … */
export function parseSelect(expression: string): SelectQuery {
  if (Buffer.byteLength(expression) > maxExpressionBytes)
    throw new S3Error('ExpressionTooLong', 'The SQL expression is too long: the maximum is 256 KB.', 400);
  const tokens = tokensOf(expression);
  let at = 0;
  let depth = 0;

  const peek = () => tokens[at]!;
  const isWord = (token: Token, ...words: string[]) =>
    token.kind === 'name' && !token.quoted && words.includes(token.text.toUpperCase());
  const isSymbol = (token: Token, ...symbols: string[]) => token.kind === 'symbol' && symbols.includes(token.text);
  const takeWord = (...words: string[]) => (isWord(peek(), ...words) ? tokens[at++]!.text.toUpperCase() : undefined);
  const takeSymbol = (...symbols: string[]) => (isSymbol(peek(), ...symbols) ? tokens[at++]!.text : undefined);

  function unexpected(wanted: string): S3Error {
    const { text, at: position } = peek();
    return new S3Error(
      'ParseUnexpectedToken',
      `Expected ${wanted} and found ${text === '' ? 'the end' : `"${text}"`} at position ${position + 1} of the SQL expression.`,
      400,
    );
  }
  const needWord = (word: string) => {
    if (takeWord(word) === undefined) throw unexpected(word);
  };
  const needSymbol = (symbol: string) => {
    if (takeSymbol(symbol) === undefined) throw unexpected(symbol);
  };

  /** A whole number in brackets, or nothing when it is `[*]`. */
  function bracket(): number | undefined {
    const token = tokens[at++]!;
    if (!(token.kind === 'number' && /^\d+$/.test(token.text)) && !isSymbol(token, '*')) {
      at--;
      throw unexpected('a position or * in brackets');
    }
    needSymbol(']');
    return token.kind === 'number' ? Number(token.text) : undefined;
  }

  function memberName(): string {
    const token = peek();
    if (token.kind !== 'name') throw unexpected('a name');
    at++;
    return token.text;
  }

  function pathFrom(first: string): Expression {
    const steps: (string | number)[] = [first];
    for (;;) {
      if (takeSymbol('.')) steps.push(memberName());
      else if (takeSymbol('[')) {
        const position = bracket();
        if (position === undefined)
          throw new S3Error('ParseUnsupportedSyntax', '[*] is for the FROM clause only.', 400);
        steps.push(position);
      } else return { kind: 'path', steps };
    }
  }

  function list(): Expression[] {
    const items = [expressionOf(0)];
    while (takeSymbol(',')) items.push(expressionOf(0));
    return items;
  }

  function caseOf(): Expression {
    const subject = isWord(peek(), 'WHEN') ? undefined : expressionOf(0);
    const branches: { when: Expression; value: Expression }[] = [];
    while (takeWord('WHEN')) {
      const when = expressionOf(0);
      needWord('THEN');
      branches.push({ when, value: expressionOf(0) });
    }
    if (branches.length === 0) throw unexpected('WHEN');
    const otherwise = takeWord('ELSE') ? expressionOf(0) : undefined;
    needWord('END');
    return { kind: 'case', branches, ...(subject ? { subject } : {}), ...(otherwise ? { otherwise } : {}) };
  }

  function castOf(): Expression {
    needSymbol('(');
    const of = expressionOf(0);
    needWord('AS');
    const type = memberName().toUpperCase();
    let size = '';
    if (takeSymbol('(')) {
      const numbers = list();
      needSymbol(')');
      if (!numbers.every((number) => number.kind === 'number' && /^\d{1,2}$/.test(number.value)))
        throw unexpected('a whole number');
      size = `(${numbers.map((number) => (number as { value: string }).value).join(',')})`;
    }
    needSymbol(')');
    return { kind: 'cast', of, type: type + size };
  }

  function callOf(name: string): Expression {
    needSymbol('(');
    if (takeSymbol(')')) return { kind: 'call', name, args: [] };
    if (name === 'COUNT' && takeSymbol('*')) {
      needSymbol(')');
      return { kind: 'call', name, args: [] };
    }
    let call: Expression;
    if (name === 'EXTRACT') {
      const part = memberName().toUpperCase();
      needWord('FROM');
      call = { kind: 'call', name, part, args: [expressionOf(0)] };
    } else if (name === 'DATE_ADD' || name === 'DATE_DIFF') {
      const part = memberName().toUpperCase();
      needSymbol(',');
      call = { kind: 'call', name, part, args: list() };
    } else if (name === 'TRIM') {
      const part = takeWord('LEADING', 'TRAILING', 'BOTH') ?? 'BOTH';
      const first = isWord(peek(), 'FROM') ? undefined : expressionOf(0);
      const from = takeWord('FROM') ? expressionOf(0) : undefined;
      const args = from ? [from, ...(first ? [first] : [])] : first ? [first] : [];
      call = { kind: 'call', name, part, args };
    } else if (name === 'SUBSTRING') {
      const args = [expressionOf(0)];
      if (takeWord('FROM')) {
        args.push(expressionOf(0));
        if (takeWord('FOR')) args.push(expressionOf(0));
      } else while (takeSymbol(',')) args.push(expressionOf(0));
      call = { kind: 'call', name, args };
    } else call = { kind: 'call', name, args: list() };
    needSymbol(')');
    return call;
  }

  function operand(): Expression {
    const token = peek();
    if (token.kind === 'number' || token.kind === 'text') {
      at++;
      return { kind: token.kind, value: token.text };
    }
    if (takeSymbol('-')) return { kind: 'minus', of: expressionOf(8) };
    if (takeSymbol('+')) return expressionOf(8);
    if (takeSymbol('(')) {
      if (isWord(peek(), 'SELECT')) throw new S3Error('ParseUnsupportedSelect', 'S3 Select has no subqueries.', 400);
      const inner = expressionOf(0);
      needSymbol(')');
      return inner;
    }
    if (takeWord('NOT')) return { kind: 'not', of: expressionOf(notPrecedence) };
    if (takeWord('CASE')) return caseOf();
    if (takeWord('NULL')) return { kind: 'null' };
    const boolean = takeWord('TRUE', 'FALSE');
    if (boolean) return { kind: 'boolean', value: boolean === 'TRUE' };
    if (token.kind !== 'name' || isWord(token, 'SELECT', 'FROM', 'WHERE', 'LIMIT', 'AS', 'AND', 'OR'))
      throw unexpected('an expression');
    at++;
    if (!token.quoted && isSymbol(peek(), '(')) {
      const name = token.text.toUpperCase();
      return name === 'CAST' ? castOf() : callOf(name);
    }
    return pathFrom(token.text);
  }

  function predicate(of: Expression): Expression | undefined {
    if (takeWord('IS')) {
      const negated = takeWord('NOT') !== undefined;
      const what = takeWord('NULL', 'MISSING');
      if (what === undefined) throw unexpected('NULL or MISSING');
      return { kind: 'is', of, what: what === 'NULL' ? 'null' : 'missing', negated };
    }
    const negated = isWord(peek(), 'NOT') && isWord(tokens[at + 1]!, 'BETWEEN', 'IN', 'LIKE');
    if (negated) at++;
    if (takeWord('BETWEEN')) {
      const low = expressionOf(predicatePrecedence + 1);
      needWord('AND');
      return { kind: 'between', of, low, high: expressionOf(predicatePrecedence + 1), negated };
    }
    if (takeWord('IN')) {
      needSymbol('(');
      const items = list();
      needSymbol(')');
      return { kind: 'in', of, list: items, negated };
    }
    if (takeWord('LIKE')) {
      const pattern = expressionOf(predicatePrecedence + 1);
      const escapedBy = takeWord('ESCAPE') ? expressionOf(predicatePrecedence + 1) : undefined;
      return { kind: 'like', of, pattern, ...(escapedBy ? { escape: escapedBy } : {}), negated };
    }
    return undefined;
  }

  function expressionOf(least: number): Expression {
    if (++depth > maxDepth) throw new S3Error('ParseUnsupportedSyntax', 'The SQL expression is nested too deep.', 400);
    let left = operand();
    for (;;) {
      if (least <= predicatePrecedence) {
        const tested = predicate(left);
        if (tested) {
          left = tested;
          continue;
        }
      }
      const token = peek();
      const operator =
        token.kind === 'symbol' ? token.text : isWord(token, 'AND', 'OR') ? token.text.toUpperCase() : '';
      const strength = precedence[operator];
      if (strength === undefined || strength < least) break;
      at++;
      left = { kind: 'binary', operator, left, right: expressionOf(strength + 1) };
    }
    depth--;
    return left;
  }

  function column() {
    const expression = expressionOf(0);
    const name = takeWord('AS') || (peek().kind === 'name' && !isWord(peek(), 'FROM')) ? { name: memberName() } : {};
    return { expression, ...name };
  }

  needWord('SELECT');
  const columns: SelectQuery['columns'] = [];
  let all = 0;
  let items = 0;
  do {
    items++;
    // `s.*` is `*` where there is one source.
    const dotted = peek().kind === 'name' && isSymbol(tokens[at + 1]!, '.') && isSymbol(tokens[at + 2]!, '*');
    if (dotted) at += 2;
    if (takeSymbol('*')) all++;
    else columns.push(column());
  } while (takeSymbol(','));
  if (all > 0 && items > 1)
    throw new S3Error('ParseAsteriskIsNotAloneInSelectList', 'Other expressions are not allowed beside *.', 400);
  needWord('FROM');
  if (!isWord(peek(), 'S3OBJECT'))
    throw new S3Error('InvalidDataSource', 'The FROM clause must name S3Object, the object of the request.', 400);
  at++;
  const from: SelectQuery['from'] = [];
  for (let first = true; ; first = false) {
    if (takeSymbol('.')) from.push(memberName());
    else if (takeSymbol('[')) {
      const position = bracket();
      // The first [*] stands for each value of the object, which is what is read anyway.
      if (position !== undefined) from.push(position);
      else if (!first) from.push({ each: true });
    } else break;
  }
  const alias =
    takeWord('AS') || (peek().kind === 'name' && !isWord(peek(), 'WHERE', 'LIMIT')) ? memberName() : 'S3Object';
  const where = takeWord('WHERE') ? expressionOf(0) : undefined;
  let limit: number | undefined;
  if (takeWord('LIMIT')) {
    const token = peek();
    if (token.kind !== 'number' || !/^\d{1,15}$/.test(token.text)) throw unexpected('a whole number');
    at++;
    limit = Number(token.text);
  }
  if (peek().kind !== 'end') throw unexpected('the end');

  return {
    ...(all ? {} : { columns: columns.map((one) => ({ ...one, expression: withoutAlias(one.expression, alias) })) }),
    from,
    ...(where ? { where: withoutAlias(where, alias) } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** Paths relative to the row: `s.page` and `page` are the same. */
function withoutAlias<Node>(node: Node, alias: string): Node {
  if (Array.isArray(node)) return node.map((item) => withoutAlias(item, alias)) as Node;
  if (typeof node !== 'object' || node === null) return node;
  const path = node as { kind?: string; steps?: (string | number)[] };
  if (path.kind === 'path' && String(path.steps?.[0]).toLowerCase() === alias.toLowerCase())
    return { ...path, steps: path.steps!.slice(1) } as Node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, withoutAlias(value, alias)])) as Node;
}
