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

const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|([^<]+)/y;

/** The document's root element. @throws S3Error MalformedXML. */
export function parseXml(text: string): XmlNode {
  const root: OpenNode = { name: '', text: '', children: [] };
  const open: OpenNode[] = [root];
  token.lastIndex = 0;
  const source = text.replace(/^\uFEFF/, '');
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw malformedXml(`unreadable at character ${at}.`);
    const [, cdata, closed, opened, , selfClosed, raw] = match;
    const parent = open.at(-1)!;
    if (opened !== undefined) {
      const node: OpenNode = { name: localName(opened), text: '', children: [] };
      parent.children.push(node);
      if (selfClosed !== '/') open.push(node);
    } else if (closed !== undefined) {
      if (open.length === 1 || parent.name !== localName(closed)) throw malformedXml(`</${closed}> closes nothing.`);
      open.pop();
    } else if (cdata !== undefined) {
      parent.text += cdata;
    } else if (raw !== undefined) {
      parent.text += unescapeText(raw);
    }
  }
  const [top, ...more] = root.children;
  if (open.length > 1) throw malformedXml(`<${open.at(-1)!.name}> is not closed.`);
  if (!top || more.length > 0 || root.text.trim() !== '') throw malformedXml('it must have exactly one root element.');
  return top;
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
    if (character === undefined || !whole.endsWith(';')) throw malformedXml(`the entity ${whole} is unknown.`);
    return character;
  });
}
