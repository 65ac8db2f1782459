/** A value as it may stand in a template: plain, or one of CloudFormation's functions. */
export type Value = string | number | boolean | Value[] | { [member: string]: Value };
/** Properties of a resource, as CloudFormation takes them. */
export type Properties = { [member: string]: Value };

/** A resource of the template, with what it is for. */
export interface Resource {
  Type: string;
  /** Said above the resource in the template. */
  comment: string;
  Condition?: string;
  DependsOn?: string[];
  DeletionPolicy?: 'Retain' | 'Delete';
  UpdateReplacePolicy?: 'Retain' | 'Delete';
  CreationPolicy?: Properties;
  UpdatePolicy?: Properties;
  Properties?: Properties;
}
/** Resources by their logical id. */
export type Resources = Record<string, Resource>;

/** The value of a parameter, or the id of a resource. */
export const ref = (name: string): Properties => ({ Ref: name });
/** An attribute of a resource. */
export const att = (resource: string, attribute: string): Properties => ({ 'Fn::GetAtt': [resource, attribute] });
/** `${AWS::Region}` and `${Parameter}` are filled in; `${!x}` stays `${x}`. */
export const sub = (text: string): Properties => ({ 'Fn::Sub': text });
/** Values as one text. */
export const join = (...parts: Value[]): Properties => ({ 'Fn::Join': ['', parts] });
/** One of two values, by a condition. */
export const when = (condition: string, then: Value, otherwise: Value): Properties => ({
  'Fn::If': [condition, then, otherwise],
});
/** No value: the property is left out. */
export const nothing: Properties = { Ref: 'AWS::NoValue' };
/** A text in base64. */
export const base64 = (value: Value): Properties => ({ 'Fn::Base64': value });

/**
 * A request of the AWS SDK as properties of a template: the members have the same names. Members that are undefined go.
 */
export function asProperties(request: object): Properties {
  return JSON.parse(JSON.stringify(request)) as Properties;
}

/** Replaces text wherever it is a whole value, as an ARN by the function that gives it. */
export function replacing(value: Value, replacements: ReadonlyMap<string, Value>): Value {
  if (typeof value === 'string') return replacements.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => replacing(each, replacements));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replacing(each, replacements)]));
}
