import { malformedXml } from '../errors.js';

/**
 * The XML that S3's requests and answers use. Not a library's: the answers have a dozen elements, the requests are four
 * known documents, and entities that could expand must be refused.
 */
export type XmlValue = string | number | boolean | undefined | XmlElement | readonly XmlElement[];
/** Child elements by name. */
export interface XmlElement {
  readonly [name: string]: XmlValue | readonly string[];
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document; an array repeats its element, `undefined` leaves it out. `<Error>` documents have no namespace. */
export function xmlDocument(root: string, content: XmlElement, withNamespace = true): string {
  const attribute = withNamespace ? ` xmlns="${namespace}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${elements(content)}</${root}>`;
}

function elements(content: XmlElement): string {
  return Object.entries(content)
    .map(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => element(name, one as XmlValue)).join(''),
    )
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  const inner = typeof value === 'object' ? elements(value as XmlElement) : escapeText(String(value));
  return `<${name}>${inner}</${name}>`;
}

const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Writes control characters as references, as S3 does: a parser would turn a raw CR into a LF. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them.
  return text.replace(/[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    return named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
  });
}

/** An element that was read: its name without a namespace prefix, its text, its children. */
export interface XmlNode {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

interface OpenNode {
  name: string;
  text: string;
  children: OpenNode[];
}

/** S3's documents are four deep. */
const maxDepth = 64;

/**
 * The document's root element. Each character is looked at once: where the end of something is not found, the document
 * is refused.
 * @throws S3Error MalformedXML.
 */
export function parseXml(text: string): XmlNode {
  const root: OpenNode = { name: '', text: '', children: [] };
  const open: OpenNode[] = [root];
  const source = text.replace(/^\uFEFF/, '');
  for (let at = 0; at < source.length; ) {
    const parent = open.at(-1)!;
    if (source[at] !== '<') {
      const end = source.indexOf('<', at);
      const raw = source.slice(at, end === -1 ? source.length : end);
      parent.text += unescapeText(raw);
      at += raw.length;
    } else if (source.startsWith('<?', at)) at = endOf(source, '?>', at);
    else if (source.startsWith('<!--', at)) at = endOf(source, '-->', at);
    else if (source.startsWith(cdata, at)) {
      const end = endOf(source, ']]>', at);
      parent.text += source.slice(at + cdata.length, end - 3);
      at = end;
    } else if (source.startsWith('</', at)) {
      const end = endOf(source, '>', at);
      const closed = source.slice(at + 2, end - 1).trimEnd();
      if (open.length === 1 || parent.name !== localName(closed))
        throw malformedXml(`</${brief(closed)}> closes nothing.`);
      open.pop();
      at = end;
    } else {
      const end = endOfTag(source, at);
      const isClosed = source[end - 2] === '/';
      const name = nameIn(source.slice(at + 1, end - (isClosed ? 2 : 1)), at);
      const node: OpenNode = { name: localName(name), text: '', children: [] };
      parent.children.push(node);
      if (!isClosed) open.push(node);
      if (open.length > maxDepth) throw malformedXml('it is nested too deep.');
      at = end;
    }
  }
  const [top, ...more] = root.children;
  if (open.length > 1) throw malformedXml(`<${brief(open.at(-1)!.name)}> is not closed.`);
  if (!top || more.length > 0 || root.text.trim() !== '') throw malformedXml('it must have exactly one root element.');
  return top;
}

const cdata = '<![CDATA[';

const unreadable = (at: number) => malformedXml(`unreadable at character ${at}.`);

/** What an error repeats of a text that was sent. */
const brief = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** The place behind the next `ending`. */
function endOf(source: string, ending: string, from: number): number {
  const at = source.indexOf(ending, from);
  if (at === -1) throw unreadable(from);
  return at + ending.length;
}

/** The place behind the `>` that ends a tag: not one within an attribute's quotes. */
function endOfTag(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    const character = source[at]!;
    if (character === '>') return at + 1;
    if (character === '<') break;
    if (character === '"' || character === "'") at = endOf(source, character, at + 1) - 1;
  }
  throw unreadable(from);
}

/** The name at the beginning of a tag. */
function nameIn(tag: string, at: number): string {
  const end = tag.search(/[\s/!?"']/);
  const name = end === -1 ? tag : tag.slice(0, end);
  if (name === '') throw unreadable(at);
  return name;
}

/** The text of a child element. */
export function childText(node: XmlNode, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text;
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1);

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    const code = number && (number[1] !== undefined ? Number.parseInt(number[1], 16) : Number(number[2]));
    const character = code !== null && code <= 0x10ffff ? String.fromCodePoint(code) : entities[name];
    if (character === undefined || !whole.endsWith(';')) throw malformedXml(`the entity ${brief(whole)} is unknown.`);
    return character;
  });
}
