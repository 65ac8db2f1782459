import type { Parameter } from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import type { PipelineSettings } from '../pipeline/definition.js';
import type { Size } from '../template/size.js';

/** What is deployed under a name: the pipeline's settings, the size, and the stack's parameters. */
export interface Deployment {
  /** The stack's name. */
  name: string;
  size: Size;
  settings: Partial<PipelineSettings>;
  parameters: Record<string, string>;
}

/** What a run asks for; what it does not name stays as it is deployed. */
export type Wanted = Partial<Omit<Deployment, 'name'>> & Pick<Deployment, 'name'>;

const recordedSchema = z.object({ size: z.enum(['trial', 'standard']), settings: z.record(z.string(), z.json()) });

/** Reads back what an earlier run wrote into the template's Metadata. */
export function recordedIn(template: unknown): Pick<Deployment, 'size' | 'settings'> | undefined {
  const metadata = (template as { Metadata?: { Millrace?: unknown } } | undefined)?.Metadata?.Millrace;
  const found = recordedSchema.safeParse(metadata);
  return found.success
    ? { size: found.data.size, settings: found.data.settings as Partial<PipelineSettings> }
    : undefined;
}

/** Parameters whose value is AWS's to resolve or ours to set each time. */
const setEachTime = ['ReleaseBucket', 'ReleaseKey', 'Lake', 'Serving'];

/** What is wanted over what is deployed over the defaults. */
export function merged(
  wanted: Wanted,
  deployed: Pick<Deployment, 'size' | 'settings'> | undefined,
  before: Parameter[],
): Deployment {
  const kept = Object.fromEntries(
    before
      .filter(({ ParameterKey }) => !setEachTime.includes(ParameterKey ?? ''))
      .map(({ ParameterKey, ParameterValue }) => [ParameterKey!, ParameterValue ?? '']),
  );
  return {
    name: wanted.name,
    size: wanted.size ?? deployed?.size ?? 'standard',
    settings: { ...deployed?.settings, ...wanted.settings },
    parameters: { ...kept, ...wanted.parameters },
  };
}
