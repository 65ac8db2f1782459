/** A word of a jq program, or a sign. */
export interface JqToken {
  text: string;
  /** It names a member of an object that is made or taken apart: `{name: .x}`, `{name}`, `. as {name: $x}`. */
  isKey: boolean;
}

const pattern = /\.\.|\.[A-Za-z_]\w*|\$?[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*|@\w+|\d[\d.]*(?:[eE][+-]?\d+)?|[^\s\w]/g;

/** The tokens of a program without what its strings and comments say (`withoutStrings`). */
export function tokensOf(bare: string): JqToken[] {
  const tokens: JqToken[] = [];
  const open: string[] = [];
  for (const [text] of bare.matchAll(pattern)) {
    const before = tokens.at(-1)?.text;
    const isKey = open.at(-1) === '{' && (before === '{' || before === ',') && /^([A-Za-z_]|\$__loc__$)/.test(text);
    tokens.push({ text, isKey });
    if (/^[{[(]$/.test(text)) open.push(text);
    else if (/^[}\])]$/.test(text)) open.pop();
  }
  return tokens;
}

/** Words that are no function, and that jq 1.6 does not take for a member in short. */
export const keywords: ReadonlySet<string> = new Set(
  'def module import include if then else elif end as reduce foreach try catch label and or not __loc__'.split(' '),
);

/** Words after which an expression begins; after all others one has ended. */
const openers = new Set(['if', 'then', 'elif', 'else', 'and', 'or', 'try', 'catch', 'reduce', 'foreach', 'def', 'as']);

/** Whether a token is the last of an expression, so that what follows belongs to it. */
export const endsTerm = ({ text, isKey }: JqToken): boolean =>
  /^([.$@]?\w|\.\.$|[)\]}"?.]$)/.test(text) && (isKey || !openers.has(text));

/** The functions that a program calls and does not define, with the token behind each. */
export function calls(tokens: readonly JqToken[]): { name: string; next: string | undefined }[] {
  const defined = new Set(definitions(tokens));
  return tokens.flatMap(({ text, isKey }, at) =>
    isKey || !/^[A-Za-z_]/.test(text) || keywords.has(text) || defined.has(text)
      ? []
      : [{ name: text, next: tokens[at + 1]?.text }],
  );
}

/** The names of functions that are defined, and of their parameters. */
function* definitions(tokens: readonly JqToken[]): Generator<string> {
  for (const [at, { text, isKey }] of tokens.entries()) {
    if (text !== 'def' || isKey) continue;
    yield tokens[at + 1]?.text ?? '';
    if (tokens[at + 2]?.text !== '(') continue;
    for (let next = at + 3; next < tokens.length && tokens[next]!.text !== ')'; next++) yield tokens[next]!.text;
  }
}

/** What a value of an object that is made may not be without brackets: `{a: (.b // "x")}`. */
const beyondTerms = new Set([...'+*/%=<>!', 'and', 'or', 'as', 'if', 'reduce', 'foreach', 'try', 'def', 'label']);

/** The first word or sign for which a value in an object needs brackets in jq 1.6. */
export function unbracketed(tokens: readonly JqToken[]): string | undefined {
  const open: { isObject: boolean; inValue: boolean }[] = [];
  for (const [at, { text, isKey }] of tokens.entries()) {
    const here = open.at(-1);
    if (/^[{[(]$/.test(text)) open.push({ isObject: text === '{', inValue: false });
    else if (/^[}\])]$/.test(text)) open.pop();
    else if (!here?.isObject || isKey) continue;
    else if (text === ',' || text === ':') here.inValue = text === ':';
    else if (here.inValue && (beyondTerms.has(text) || (text === '-' && endsTerm(tokens[at - 1]!)))) return text;
  }
  return undefined;
}
