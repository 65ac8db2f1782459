/** What a record can do to jq, each with an expression in place of a value. `b` is a text of the record. */
export interface Bomb {
  name: string;
  jq: string;
  /** What the error record says. */
  says: RegExp;
}

const time = /^The query took more than \d+ ms of processor time for the record$/;
const memory = /^The query took more than \d+ MiB of memory for the record$/;
const output = /^The query gave more than \d+ bytes of JSON for the record$/;
const deep = /^The query went too deep for the record$/;
/** Which bound it meets first depends on the machine. */
const any = (...kinds: RegExp[]) => new RegExp(kinds.map(({ source }) => `(${source})`).join('|'));

/** The first of each kind are the short form. */
export const bombs: Bomb[] = [
  { name: 'a function that calls itself', jq: 'def f: f; f', says: time },
  { name: 'lists in lists without end', jq: 'def f: [f]; f', says: any(memory, time) },
  { name: 'a long text', jq: '"x" * 2e6', says: output },
  { name: 'a text that doubles', jq: 'reduce range(40) as $i ("x"; . + .)', says: any(memory, time) },
  { name: 'a regex that goes back and back', jq: '"a" * 40 + "b" | test("^(a+)+$")', says: any(time, /retry-limit/) },
  { name: 'an error that no try catches', jq: 'error({"__jq": 0})', says: /__jq/ },

  { name: 'two functions that call each other', jq: 'def f: def g: f; g; f', says: any(memory, time) },
  { name: 'a function of functions', jq: 'def f(g): f(g | g); f(.)', says: any(memory, time) },
  {
    name: 'Ackermann',
    jq: 'def a($m; $n): if $m == 0 then $n + 1 elif $n == 0 then a($m - 1; 1) else a($m - 1; a($m; $n - 1)) end; a(4; 2)',
    says: any(memory, time),
  },
  { name: 'Fibonacci', jq: 'def fib: if . < 2 then . else (. - 1 | fib) + (. - 2 | fib) end; 60 | fib', says: time },
  { name: 'repeat', jq: '[repeat(1)]', says: any(memory, time) },
  { name: 'repeat, the last one', jq: 'last(repeat(1))', says: time },
  { name: 'limit of repeat', jq: '[limit(1e12; repeat(1))] | length', says: any(memory, time) },
  { name: 'until false', jq: 'until(false; .)', says: time },
  { name: 'until long', jq: '"x" | until(length > 1e12; . + .)', says: any(memory, time) },
  { name: 'while true', jq: '[while(true; .)]', says: any(memory, time) },
  { name: 'while true, counted', jq: 'reduce while(true; .) as $x (0; . + 1)', says: time },
  { name: 'recurse', jq: '[recurse]|length|recurse(. + 1)', says: any(memory, time) },
  { name: 'recurse with a step', jq: '[0 | recurse(. + 1)]', says: any(memory, time) },
  { name: 'recurse on itself', jq: 'last(0 | recurse(.))', says: time },
  { name: 'range of a billion', jq: '[range(1e9)]', says: any(memory, time) },
  { name: 'range without end', jq: '[range(infinite)] | length', says: any(memory, time) },
  { name: 'the last of a range', jq: 'last(range(1e12))', says: time },
  { name: 'a range by nothing', jq: 'last(range(0; 1; 0))', says: any(time, /./) },
  { name: 'a range in a range', jq: 'reduce (range(1e6) | range(1e6)) as $i (0; . + 1)', says: time },
  { name: 'reduce over a billion', jq: 'reduce range(1e9) as $i (0; . + $i)', says: time },
  { name: 'foreach over a billion', jq: 'last(foreach range(1e9) as $i (0; . + $i))', says: time },
  {
    name: 'a label that is never left',
    jq: 'label $out | foreach repeat(1) as $i (0; . + $i; if . > 1e15 then ., break $out else empty end)',
    says: time,
  },
  { name: 'first of nothing', jq: 'first(range(1e12) | select(. < 0))', says: time },
  { name: 'any of none', jq: 'any(range(1e12); . < 0)', says: time },
  { name: 'all of them', jq: 'all(range(1e12); . >= 0)', says: time },
  { name: 'isempty of none', jq: 'isempty(range(1e12) | select(. < 0))', says: time },
  { name: 'combinations', jq: '[[range(26)] | combinations(20)]', says: any(memory, time) },
  { name: 'combinations, counted', jq: 'reduce ([range(10)] | combinations(12)) as $c (0; . + 1)', says: time },
  {
    name: 'a list in a list, deep, as text',
    jq: 'reduce range(1e6) as $i (null; [.]) | tojson',
    says: any(deep, memory, time),
  },
  {
    name: 'a list in a list, 20,000 deep',
    jq: 'reduce range(20000) as $i (null; [.])',
    says: any(deep, time, output, /./),
  },
  { name: 'objects in objects, deep', jq: 'reduce range(1e6) as $i (null; {a: .})', says: any(deep, memory, time) },
  { name: 'a deep path', jq: 'reduce range(2000) as $i (null; setpath([range($i)]; 1))', says: any(time, memory, /./) },
  {
    name: 'getpath, deep, again and again',
    jq: '[range(9000) | "a"] as $p | null | until(false; getpath($p))',
    says: any(time, deep),
  },
  { name: 'an index far out', jq: '[] | .[1e9] = 1', says: any(memory, time, /too large/) },
  {
    name: 'indexes far out, many',
    jq: 'reduce range(1e3) as $i (null; .[$i] = ([] | .[1e6] = 1))',
    says: any(memory, time),
  },
  {
    name: 'paths of a large tree',
    jq: 'def t($d): if $d == 0 then 1 else [t($d - 1), t($d - 1), t($d - 1)] end; t(14) | [paths] | length',
    says: any(memory, time),
  },
  {
    name: 'walk of a large tree',
    jq: 'def t($d): if $d == 0 then 1 else [t($d - 1), t($d - 1)] end; t(22) | walk(.)',
    says: any(memory, time),
  },
  { name: 'walk into what it makes', jq: '[[1]] | walk(recurse([.]))', says: any(memory, time) },
  {
    name: 'everything of everything',
    jq: 'reduce range(30) as $i ([1]; [.[], .[]]) | length',
    says: any(memory, time),
  },
  { name: 'base64 of base64', jq: 'reduce range(60) as $i ("x" * 1e5; @base64) | length', says: any(memory, time) },
  { name: 'quotes of quotes', jq: 'reduce range(40) as $i ("\\""; tojson) | length', says: any(memory, time) },
  { name: 'a text cut up and joined', jq: '"a" * 3e5 | until(false; explode | implode)', says: time },
  {
    name: 'a text split by each letter',
    jq: '[range(1e4) | ("ab" * 1e4 | split("a"))] | length',
    says: any(memory, time),
  },
  { name: 'splits by a regex', jq: '[range(1e3) | ("ab" * 1e4 | splits("a"))] | length', says: any(memory, time) },
  { name: 'ltrimstr that takes nothing away', jq: '"a" | until(. == ""; ltrimstr("b"))', says: time },
  { name: 'sub that adds as it takes', jq: '"a" | until(. == ""; sub("a"; "aa"))', says: any(memory, time) },
  { name: 'gsub of a long text', jq: '"a" * 1e6 | gsub("a"; "bb") | gsub("b"; "cc")', says: any(memory, time) },
  {
    name: 'a regex over a long text',
    jq: '"ab" * 1e6 | [match("[ab]"; "g")] | length',
    says: any(time, memory, /Regex failure/),
  },
  {
    name: 'what breaks jq itself',
    jq: '[range(9000)] as $p | null | getpath($p)',
    says: /^The query broke jq \(Assertion failed: .*\) for the record$/,
  },
  { name: 'a regex with empty matches', jq: '"a" * 1e6 | [match(""; "g")] | length', says: any(time, memory) },
  { name: 'a regex with alternatives', jq: '"a" * 1000 | test("(a|aa)+c")', says: any(time, /retry-limit/) },
  { name: 'sorting again and again', jq: '[range(1e5)] | until(false; sort_by(-.))', says: time },
  { name: 'group_by again and again', jq: '[range(1e4)] | until(false; group_by(. % 7) | add)', says: time },
  {
    name: 'indices in a long text',
    jq: '"a" * 1e6 | [range(1e4) as $i | indices("a")] | length',
    says: any(memory, time),
  },
  {
    name: 'an object of a million keys',
    jq: 'reduce range(1e6) as $i ({}; .["k\\($i)"] = $i)',
    says: any(memory, time),
  },
  { name: 'powers of powers', jq: 'def p: if . > 1e300 then 1 else . * . + 1 end; 1 | until(false; p)', says: time },
  { name: 'dates without end', jq: '0 | until(false; todate | fromdate)', says: time },
  {
    name: 'strptime without end',
    jq: '"2026-11-30" | until(false; strptime("%Y-%m-%d") | mktime | todate | .[:10])',
    says: time,
  },
  { name: 'env as text, doubled', jq: 'env | tojson | until(length > 1e12; . + .)', says: any(memory, time) },
  { name: 'limits of limits', jq: 'def l: limit(1e12; l, 1); [l]', says: any(memory, time, deep) },
];
