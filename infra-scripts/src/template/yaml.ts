import { Document, isMap, isPair, isScalar, visit } from 'yaml';
import type { DescribedTemplate } from './template.js';

/** The template as people read it: YAML, each resource with what it is for above it, scripts as they are. */
export function templateYaml({ template, comments }: DescribedTemplate, head: string[]): string {
  const document = new Document(template, { aliasDuplicateObjects: false });
  document.commentBefore = head.map((line) => ` ${line}`).join('\n');
  const resources = document.get('Resources');
  if (isMap(resources)) {
    for (const pair of resources.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      pair.key.commentBefore = ` ${comments[String(pair.key.value)]}`;
      pair.key.spaceBefore = true;
    }
  }
  visit(document, {
    Scalar(key, node) {
      if (key === 'value' && typeof node.value === 'string' && node.value.includes('\n')) node.type = 'BLOCK_LITERAL';
    },
  });
  return document.toString({ lineWidth: 0 });
}
