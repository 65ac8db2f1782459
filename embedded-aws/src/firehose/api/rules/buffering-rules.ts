import type { Rule } from './rule.js';

/** Encryption of the stream itself, and the buffers. */
export const bufferingRules: Rule[] = [
  {
    rule: 'an encryption of its own is for Direct PUT only',
    message: 'DeliveryStreamEncryptionConfigurationInput is only allowed for DirectPut delivery streams.', // ours
    broken: ({ request }) =>
      request.DeliveryStreamType === 'KinesisStreamAsSource' &&
      request.DeliveryStreamEncryptionConfigurationInput !== undefined,
  },
  {
    rule: 'buffering hints come both or not at all',
    message: 'BufferingHints must have both SizeInMBs and IntervalInSeconds, or neither.', // ours
    broken: ({ destination: { BufferingHints: hints } }) =>
      hints !== undefined && (hints.SizeInMBs === undefined) !== (hints.IntervalInSeconds === undefined),
  },
  {
    rule: 'dynamic partitioning buffers 64 MiB at least',
    message: 'BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.',
    broken: ({ dynamicPartitioning, destination }) =>
      dynamicPartitioning && (destination.BufferingHints?.SizeInMBs ?? 128) < 64,
  },
  {
    rule: 'dynamic partitioning buffers 60 seconds at least',
    message: 'BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled.',
    broken: ({ dynamicPartitioning, destination }) =>
      dynamicPartitioning && (destination.BufferingHints?.IntervalInSeconds ?? 300) < 60,
  },
];
