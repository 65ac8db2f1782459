import { definePipeline } from '../../pipeline/definition.js';
import { makeTemplate } from '../../template/template.js';
import { templateYaml } from '../../template/yaml.js';
import { type UpCommandOptions, wantedOf } from './up-settings.js';

/** Prints the template that `up` would deploy, or its resources, a line each. */
export function printTemplate(options: UpCommandOptions): void {
  const { size = 'standard', settings = {} } = wantedOf(options);
  const described = makeTemplate(definePipeline(settings), size, settings);
  if (!options.printResources) {
    console.log(templateYaml(described, ['Made by millrace up --print-template.']).trimEnd());
    return;
  }
  for (const [name, { Type, Condition }] of Object.entries(described.template.Resources))
    console.log(`${name} (${Type}${Condition ? `, if ${Condition}` : ''}): ${described.comments[name]}`);
}
