/**
 * The SSM parameter of Amazon Linux 2023 for the processor of an instance type. A `g` behind the generation is AWS's
 * own processor, arm64.
 */
export const imageFor = (type: string): string =>
  `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${/^[a-z]+\d+g[a-z]*\./.test(type) ? 'arm64' : 'x86_64'}`;
