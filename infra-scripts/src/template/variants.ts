import { definePipeline, type PipelineSettings } from '../pipeline/definition.js';
import type { Size } from './size.js';
import { makeTemplate } from './template.js';
import { templateYaml } from './yaml.js';

/** The templates that are committed, by file name. Other settings are made by `millrace up`. */
const committed: Record<string, { size: Size; settings: Partial<PipelineSettings> }> = {
  'millrace.yaml': { size: 'standard', settings: { shards: 2 } },
  'millrace-on-demand.yaml': { size: 'standard', settings: { shards: 'on-demand' } },
  'millrace-trial.yaml': { size: 'trial', settings: { shards: 1 } },
};

/** Each committed template's text. */
export function committedTemplates(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(committed).map(([file, { size, settings }]) => [
      file,
      templateYaml(makeTemplate(definePipeline(settings), size, settings), [
        'Made from the pipeline’s definition (infra-scripts/src/template); do not edit:',
        'node infra-scripts/dist/src/write-generated.js writes it. docs/on-aws.md says how to deploy it, by command or in the console.',
      ]),
    ]),
  );
}
