import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, notSupported } from '../json-service/aws-error.js';
import type { Body, RunOperation } from '../json-service/operations.js';
import { readBody } from '../json-service/read-request.js';

/**
 * CloudWatch's first protocol, which older clients speak: a form comes, XML leaves.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
const namespace = 'http://monitoring.amazonaws.com/doc/2010-08-01/';
const version = '2010-08-01';

/** Nothing else here takes a form at `/`. */
export const isQueryCall = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'POST' &&
  /^\/(\?|$)/.test(url ?? '') &&
  /^application\/x-www-form-urlencoded/.test(headers['content-type'] ?? '');

const numbers = new Set(['Period', 'MaxDatapoints']);
const booleans = new Set(['ReturnData', 'IncludeLinkedAccounts']);

/** Reads the request as a form, runs its operation and answers it, or the AwsError, as XML. */
export async function answerQuery(
  run: RunOperation<object>,
  maxBodyBytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  let status = 200;
  let text: string;
  try {
    const { action, ours, input } = parseForm((await readBody(request, maxBodyBytes)).toString());
    if (!ours)
      throw notSupported('The embedded AWS', action || 'this operation', 'CloudWatch alone by the query protocol');
    text = answerXml(action, run(action, input), requestId);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    status = error.status;
    text = errorXml(error.name, error.message, requestId);
  }
  response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
  response.end(text);
}

type Form = string | { [member: string]: Form };

/**
 * `Dimensions.member.1.Name=a` is `{ Dimensions: [{ Name: 'a' }] }`. The service is told by its version: the operations
 * of others, such as STS, come as forms too.
 */
function parseForm(text: string): { action: string; ours: boolean; input: Body } {
  const tree: { [member: string]: Form } = Object.create(null);
  const parameters = new URLSearchParams(text);
  for (const [path, value] of parameters) {
    if (path === 'Action' || path === 'Version') continue;
    const steps = path.split('.');
    let at = tree;
    for (const step of steps.slice(0, -1)) {
      if (typeof at[step] !== 'object') at[step] = Object.create(null) as { [member: string]: Form };
      at = at[step] as { [member: string]: Form };
    }
    at[steps.at(-1)!] = value;
  }
  return {
    action: parameters.get('Action') ?? '',
    ours: parameters.get('Version') === version,
    input: inputOf(tree, '') as Body,
  };
}

function inputOf(form: Form, name: string): unknown {
  if (typeof form === 'string') return numbers.has(name) ? Number(form) : booleans.has(name) ? form === 'true' : form;
  const { member } = form;
  if (typeof member === 'object')
    return Object.entries(member)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, item]) => inputOf(item, name));
  return Object.fromEntries(Object.entries(form).map(([inner, value]) => [inner, inputOf(value, inner)]));
}

const escaped = (text: string) => text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

function xmlOf(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (typeof value !== 'object' || value === null) return escaped(String(value));
  return Object.entries(value)
    .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${xmlOf(inner)}</${name}>`))
    .join('');
}

const answerXml = (action: string, answer: object, requestId: string): string =>
  `<${action}Response xmlns="${namespace}"><${action}Result>${xmlOf(answer)}</${action}Result>` +
  `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`;

/** Names of errors are shorter here than in the other protocols. */
const errorXml = (name: string, message: string, requestId: string): string =>
  `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type>` +
  `<Code>${name === 'UnknownOperationException' ? 'InvalidAction' : name.replace(/Exception$/, '')}</Code>` +
  `<Message>${escaped(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
